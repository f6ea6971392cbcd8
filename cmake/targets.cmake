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
endfunction()
