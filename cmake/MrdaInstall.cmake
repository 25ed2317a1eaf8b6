# SPDX-License-Identifier: MIT
# What find_package(mrda COMPONENTS interop media ivshmem guest l0 vaapi vpl) reads: the modules that were built, and the
# vendors' libraries that a program must link with them.

include(CMakePackageConfigHelpers)

# The vendors' libraries that whoever links `target` must link too, through our other modules as well.
# What a static library links privately stands in its interface as $<LINK_ONLY:...>.
function(mrda_vendor_libraries target result)
  get_target_property(interface ${target} INTERFACE_LINK_LIBRARIES)
  string(REGEX REPLACE "\\$<BUILD_INTERFACE:[^>]*>" "" interface "${interface}")
  string(REGEX MATCHALL "PkgConfig::MRDA_[A-Za-z0-9]+" names "${interface}")
  string(REGEX MATCHALL "mrda::[a-z0-9_]+" modules "${interface}")
  list(TRANSFORM names REPLACE "PkgConfig::MRDA_" "")
  foreach(module IN LISTS modules)
    mrda_vendor_libraries(${module} inherited)
    list(APPEND names ${inherited})
  endforeach()
  list(REMOVE_DUPLICATES names)
  set(${result} ${names} PARENT_SCOPE)
endfunction()

set(MRDA_COMPONENTS "")
set(MRDA_FIND_MODULES "")
foreach(component IN ITEMS interop media ivshmem guest l0 vaapi vpl)
  if(NOT TARGET mrda_${component})
    continue()
  endif()
  list(APPEND MRDA_COMPONENTS ${component})
  mrda_vendor_libraries(mrda_${component} libraries)
  foreach(library IN LISTS libraries)
    string(APPEND MRDA_FIND_MODULES "mrda_find_module("
      "${component} ${library} ${MRDA_PACKAGE_${library}} \"${MRDA_MODULE_${library}}\")\n")
  endforeach()
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mrda)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/mrdaConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cmake/mrdaConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/mrdaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(EXPORT mrdaTargets NAMESPACE mrda:: DESTINATION ${package_dir})
install(FILES
  ${PROJECT_BINARY_DIR}/cmake/mrdaConfig.cmake
  ${PROJECT_BINARY_DIR}/cmake/mrdaConfigVersion.cmake
  DESTINATION ${package_dir})
