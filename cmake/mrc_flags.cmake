# Every flag of ours sits on this one target, so that CMAKE_CXX_FLAGS stays the builder's own.
add_library(mrc_flags INTERFACE)
target_compile_options(mrc_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Wformat=2
  $<$<CXX_COMPILER_ID:GNU>:-Wuseless-cast;-Wduplicated-cond;-Wlogical-op>)
target_compile_definitions(mrc_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(MRC_COVERAGE)
  target_compile_options(mrc_flags INTERFACE --coverage)
  target_link_options(mrc_flags INTERFACE --coverage)
endif()
if(MRC_WERROR)
  target_compile_options(mrc_flags INTERFACE -Werror)
endif()
if(MRC_SANITIZE)
  target_compile_options(mrc_flags INTERFACE
    -fsanitize=${MRC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    -g1)  # a report's lines; to debug in, there is dev
  target_link_options(mrc_flags INTERFACE -fsanitize=${MRC_SANITIZE})
  # g++ 12 reports false positives of these two when sanitizers rewrite the code.
  target_compile_options(mrc_flags INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized)
endif()
