# Script mode: OUT/web_assets.cpp from WEB by NODE and NPM (see web.cmake); without them, or where
# they fail and REQUIRED is not set, from WEB/plain.html.
file(MAKE_DIRECTORY ${OUT})
file(REMOVE ${OUT}/built)

function(plain)
  file(READ ${WEB}/plain.html text)
  string(SHA256 hash "${text}")
  string(SUBSTRING ${hash} 0 16 hash)
  file(WRITE ${OUT}/web_assets.cpp
       "#include \"app/web_assets.hpp\"\nnamespace son1k::app {\n"
       "std::span<const api::web_asset> web_assets() {\n"
       "  static constexpr api::web_asset rows[] = {{\"/\", \"text/html; charset=utf-8\",\n"
       "R\"~asset~(${text})~asset~\", \"\", \"${hash}\", false}};\n  return rows;\n}\n}\n")
endfunction()

function(failed what)
  if(REQUIRED)
    message(FATAL_ERROR "the web app: ${what}; -DSON1K_WEB=OFF builds without it")
  endif()
  message(WARNING "the web app is left out: ${what}. The next build tries again")
  plain()
endfunction()

if(NOT NODE)
  plain()
  return()
endif()

# npm's folder is kept until the lock file changes.
file(READ ${WEB}/package-lock.json wanted)
set(there "")
if(EXISTS ${OUT}/installed.json AND EXISTS ${OUT}/node_modules)
  file(READ ${OUT}/installed.json there)
endif()
if(NOT there STREQUAL wanted)
  file(REMOVE ${OUT}/installed.json)
  file(COPY ${WEB}/package.json ${WEB}/package-lock.json DESTINATION ${OUT})
  execute_process(
    COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
            --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=30000
    WORKING_DIRECTORY ${OUT} RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT code EQUAL 0)
    failed("npm ci failed (is there a network?)\n${said}")
    return()
  endif()
  file(COPY_FILE ${WEB}/package-lock.json ${OUT}/installed.json)
endif()

execute_process(COMMAND ${NODE} ${WEB}/build.mjs ${OUT} RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the web app does not build")
endif()
file(TOUCH ${OUT}/built)
