# son1k_embed_text(<target> <namespace> <out-name> <file>...)
# Generates <out-name>.hpp/.cpp with every file's text as {name, text}, so that the binary carries
# its assets (migrations, later the web app) and needs no files beside it.
function(son1k_embed_text target ns name)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated)
  set(cpp ${out}/${name}.cpp)
  set(hpp ${out}/${name}.hpp)
  add_custom_command(
    OUTPUT ${cpp} ${hpp}
    COMMAND ${CMAKE_COMMAND} -DNS=${ns} -DNAME=${name} -DOUT=${out} "-DFILES=${ARGN}" -P
            ${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${cpp} ${hpp})
  target_include_directories(${target} PRIVATE ${out})
endfunction()
