# mrc_library(NAME SOURCES a.cpp .. LINKS mrc_base ..): one folder of src, one target. The list of
# links is the rule of layers: a folder sees only what it names here.
function(mrc_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(mrc_${name} STATIC ${arg_SOURCES})
  target_include_directories(mrc_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(mrc_${name} PUBLIC ${arg_LINKS} PRIVATE mrc_flags)
endfunction()
