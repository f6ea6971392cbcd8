# The web app: web/ becomes one C++ source, so that the program needs no files beside it.
#   SON1K_WEB=AUTO  where node and npm are there and npm can install; else a page that says so
#   SON1K_WEB=ON    a build without the web app fails
#   SON1K_WEB=OFF   never asks for node
set(SON1K_WEB AUTO CACHE STRING "The web app in the program: AUTO, ON or OFF")
set_property(CACHE SON1K_WEB PROPERTY STRINGS AUTO ON OFF)

# son1k_web_assets(<target>): adds web_assets.cpp to the target.
function(son1k_web_assets target)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/web)
  set(web ${PROJECT_SOURCE_DIR}/web)
  set(cpp ${out}/web_assets.cpp)
  set(outputs ${cpp})
  set(program "")
  find_program(SON1K_NODE NAMES node nodejs)
  find_program(SON1K_NPM npm)
  if(SON1K_WEB STREQUAL "AUTO" AND SON1K_NODE AND SON1K_NPM)
    set(program -DNODE=${SON1K_NODE} -DNPM=${SON1K_NPM} -DREQUIRED=OFF)
  elseif(SON1K_WEB AND NOT SON1K_WEB STREQUAL "AUTO")
    if(NOT SON1K_NODE OR NOT SON1K_NPM)
      message(FATAL_ERROR "SON1K_WEB=ON needs node and npm (tools/setup installs them)")
    endif()
    set(program -DNODE=${SON1K_NODE} -DNPM=${SON1K_NPM} -DREQUIRED=ON)
  endif()
  if(program)
    # Missing after a build that had to do without: the next one tries again.
    list(APPEND outputs ${out}/built)
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/*)
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND ${CMAKE_COMMAND} -DWEB=${web} -DOUT=${out} ${program} -P
            ${PROJECT_SOURCE_DIR}/cmake/web_build.cmake
    DEPENDS ${sources} ${web}/package.json ${web}/package-lock.json ${web}/build.mjs
            ${web}/plain.html ${PROJECT_SOURCE_DIR}/cmake/web_build.cmake
    COMMENT "Building the web app"
    VERBATIM)
  target_sources(${target} PRIVATE ${cpp})
  set_source_files_properties(${cpp} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
