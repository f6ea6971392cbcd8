# Script mode: writes OUT/NAME.hpp and OUT/NAME.cpp from the text FILES (see assets.cmake).
file(MAKE_DIRECTORY ${OUT})
set(rows "")
foreach(file IN LISTS FILES)
  get_filename_component(stem ${file} NAME)
  file(READ ${file} text)
  string(APPEND rows "    {\"${stem}\", R\"~asset~(${text})~asset~\"},\n")
endforeach()
file(WRITE ${OUT}/${NAME}.hpp
     "#pragma once\n#include <span>\n#include <string_view>\nnamespace ${NS} {\n"
     "struct embedded_text {\n  std::string_view name;\n  std::string_view text;\n};\n"
     "std::span<const embedded_text> ${NAME}();\n}\n")
file(WRITE ${OUT}/${NAME}.cpp
     "#include \"${NAME}.hpp\"\nnamespace ${NS} {\nstd::span<const embedded_text> ${NAME}() {\n"
     "  static constexpr embedded_text rows[] = {\n${rows}  };\n  return rows;\n}\n}\n")
