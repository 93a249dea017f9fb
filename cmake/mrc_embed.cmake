# mrc_embed(TARGET FILE.sh ..): each file becomes a header `FILE.sh.hpp` holding one raw string
# named after it (etcd_probe.sh -> etcd_probe_sh), so that scripts stay files that shellcheck reads.
function(mrc_embed target)
  foreach(file ${ARGN})
    get_filename_component(base ${file} NAME)
    string(MAKE_C_IDENTIFIER ${base} symbol)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded/${base}.hpp)
    set(in ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    add_custom_command(OUTPUT ${out}
      COMMAND ${CMAKE_COMMAND} -DIN=${in} -DOUT=${out} -DSYMBOL=${symbol}
              -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
      DEPENDS ${in} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
    target_sources(${target} PRIVATE ${out})
  endforeach()
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded)
endfunction()
