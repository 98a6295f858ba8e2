# consilium_library(NAME FOLDER...): the static library consilium_NAME of FOLDER/*.cc without main.cc.
# consilium_program(EXECUTABLE NAME): EXECUTABLE from the main.cc beside that library.
# consilium_embed(NAME FOLDER HEADER): the files FOLDER/*.lua as string constants in a generated HEADER.h.
# consilium_embed_file(NAME FILE HEADER CONSTANT): FILE as the string CONSTANT in a generated HEADER.h.

add_library(consilium_flags INTERFACE)
target_include_directories(consilium_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_definitions(consilium_flags INTERFACE CONSILIUM_VERSION="${PROJECT_VERSION}")
target_compile_options(consilium_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2)
# A decision must come out bit for bit the same on every machine: no fused multiply-add.
target_compile_options(consilium_flags INTERFACE -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # gcc 12 misfires: on string + and on std::optional.
  target_compile_options(consilium_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(CONSILIUM_WERROR)
  target_compile_options(consilium_flags INTERFACE -Werror)
endif()
if(CONSILIUM_SANITIZE)
  target_compile_options(consilium_flags INTERFACE
    -fsanitize=${CONSILIUM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(consilium_flags INTERFACE -fsanitize=${CONSILIUM_SANITIZE})
  # The thread sanitizer does not see the fences of Asio. What its threads hand over goes through a lock as well.
  if(CONSILIUM_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(consilium_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(CONSILIUM_FUZZ)
  target_compile_options(consilium_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(consilium_library name)
  set(sources)
  foreach(folder ${ARGN})
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cc)
    list(APPEND sources ${found})
  endforeach()
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(consilium_${name} STATIC ${sources})
  target_link_libraries(consilium_${name} PUBLIC consilium_flags)
endfunction()

function(consilium_program executable name)
  get_target_property(folder consilium_${name} SOURCES)
  list(GET folder 0 first)
  get_filename_component(folder ${first} DIRECTORY)
  add_executable(${executable} ${folder}/main.cc)
  target_link_libraries(${executable} PRIVATE consilium_${name} consilium_deps_malloc)
endfunction()

function(consilium_embed name folder header)
  file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.lua)
  set(output ${PROJECT_BINARY_DIR}/generated/${header}.h)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DFOLDER=${folder} "-DSCRIPTS=${scripts}" -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${scripts} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(consilium_${name} PRIVATE ${output})
endfunction()

function(consilium_embed_file name file header constant)
  set(output ${PROJECT_BINARY_DIR}/generated/${header}.h)
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DFILE=${PROJECT_SOURCE_DIR}/${file} -DNAME=${constant} -P ${script}
    DEPENDS ${PROJECT_SOURCE_DIR}/${file} ${script}
    VERBATIM)
  target_sources(consilium_${name} PRIVATE ${output})
endfunction()
