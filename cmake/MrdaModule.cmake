# SPDX-License-Identifier: MIT
# How every target of the house is made: warnings, sanitizers, alias, install and export in one place.

add_library(mrda_options INTERFACE)
target_compile_options(mrda_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Woverloaded-virtual
  -Wformat=2 -Wimplicit-fallthrough
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-missing-field-initializers>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers>
  $<$<BOOL:${MRDA_WERROR}>:-Werror>)
target_link_options(mrda_options INTERFACE -Wl,-z,relro,-z,now)
if(MRDA_SANITIZE)
  target_compile_options(mrda_options INTERFACE
    -fsanitize=${MRDA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mrda_options INTERFACE -fsanitize=${MRDA_SANITIZE})
endif()

# mrda_library(NAME SOURCES ... [PUBLIC lib...] [PRIVATE lib...]): the static library mrda::NAME with
# its public headers in include/, installed and exported.
function(mrda_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(mrda_${name} STATIC ${ARG_SOURCES})
  add_library(mrda::${name} ALIAS mrda_${name})
  set_target_properties(mrda_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(mrda_${name} PUBLIC cxx_std_20)
  target_include_directories(mrda_${name}
    PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_link_libraries(mrda_${name}
    PUBLIC ${ARG_PUBLIC}
    PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:mrda_options>)
  install(TARGETS mrda_${name} EXPORT mrdaTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY include/mrda DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

# mrda_driver(TARGET FILE SOURCES ... [PRIVATE lib...] [EXPORTS map]): a software driver, which a vendor's
# loader finds by the name FILE in lib/mrda. Nothing links it.
function(mrda_driver target file)
  cmake_parse_arguments(ARG "" "EXPORTS" "SOURCES;PRIVATE" ${ARGN})
  add_library(${target} MODULE ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX "" OUTPUT_NAME ${file}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/mrda)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE ${ARG_PRIVATE} mrda_options)
  if(ARG_EXPORTS)
    target_link_options(${target} PRIVATE
      -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/${ARG_EXPORTS})
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS
      ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_EXPORTS})
  endif()
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/mrda)
endfunction()

# mrda_plugin(NAME SOURCES ... [PRIVATE lib...]): a codec plugin, which workers load by NAME.
function(mrda_plugin name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PRIVATE" ${ARGN})
  add_library(mrda_plugin_${name} MODULE ${ARG_SOURCES})
  set_target_properties(mrda_plugin_${name} PROPERTIES
    OUTPUT_NAME mrda_${name}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/mrda/plugins)
  target_link_libraries(mrda_plugin_${name} PRIVATE ${ARG_PRIVATE} mrda_options)
  install(TARGETS mrda_plugin_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/mrda/plugins)
endfunction()

# mrda_program(NAME SOURCES ... [PRIVATE lib...]): an installed program in build/bin.
function(mrda_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_PRIVATE} mrda_options)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# mrda_add_module_if(DIR dependency...): adds DIR, or says by name what is missing and goes on without it.
function(mrda_add_module_if dir)
  set(missing "")
  foreach(dependency IN LISTS ARGN)
    if(NOT MRDA_HAVE_${dependency})
      list(APPEND missing "${dependency} (${MRDA_PACKAGE_${dependency}})")
    endif()
  endforeach()
  if(missing)
    list(JOIN missing ", " missing)
    message(STATUS "mrda::${dir} left out: missing ${missing}")
  else()
    add_subdirectory(${dir})
  endif()
endfunction()
