# The project's target kinds. One static library a folder; a test or bench is one program a folder.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
# Not find_package(Boost): a machine may carry another Boost beside 1.81, and headers decide.
find_path(BOOST_INCLUDE boost/version.hpp REQUIRED)
find_library(BOOST_JSON NAMES libboost_json.a boost_json REQUIRED)
find_library(BOOST_URL NAMES libboost_url.a boost_url REQUIRED)

# Asio and Beast are compiled once, here; this target also owns the precompiled header.
add_library(son1k_asio STATIC ${PROJECT_SOURCE_DIR}/cmake/asio.cpp)
target_compile_definitions(
  son1k_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                    BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE
                    BOOST_ALLOW_DEPRECATED_HEADERS SPDLOG_FMT_EXTERNAL SPDLOG_COMPILED_LIB)
target_link_libraries(son1k_asio PUBLIC ${BOOST_JSON} ${BOOST_URL} Threads::Threads fmt
                                        OpenSSL::SSL OpenSSL::Crypto)
target_link_libraries(son1k_asio PRIVATE son1k_warnings)
target_precompile_headers(son1k_asio PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.hpp)

# Compiles the files of a folder eight at a time: most of their compile time is their headers, and a
# sanitizer build is made for one run of the tests. Such files share what each keeps to itself, so
# names there differ within a folder (a rule of tools/tidy.py). The resources of the API and the
# commands are alike on purpose and stay single.
function(son1k_gather name sources)
  if(name MATCHES "^(api|app)$")
    return()
  endif()
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  foreach(file IN LISTS sources)
    get_filename_component(folder ${file} DIRECTORY)
    string(MD5 folder ${folder})
    math(EXPR seen_${folder} "${seen_${folder}} + 1")
    math(EXPR batch "${seen_${folder}} / 8")
    set_source_files_properties(${file} PROPERTIES UNITY_GROUP ${folder}_${batch})
  endforeach()
  set_target_properties(son1k_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_link_libraries(son1k_${name} PRIVATE son1k_gathered)
endfunction()

# son1k_library(<name> DEPS <libs> [NO_PCH]): src/<name>/**/*.cpp as libson1k_<name>.a
function(son1k_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp
       ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.hpp)
  if(ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${ARG_EXCLUDE}")
  endif()
  set(empty ${CMAKE_CURRENT_BINARY_DIR}/generated/empty_${name}.cpp)
  if(NOT EXISTS ${empty})
    file(WRITE ${empty} "// Keeps an otherwise empty library valid.\n")
  endif()
  add_library(son1k_${name} STATIC ${sources} ${empty})
  target_include_directories(son1k_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(son1k_${name} PUBLIC ${ARG_DEPS} son1k_asio PRIVATE son1k_warnings)
  target_precompile_headers(son1k_${name} REUSE_FROM son1k_asio)
  if(SON1K_SANITIZE)
    son1k_gather(${name} "${sources}")
  endif()
endfunction()
