# SPDX-License-Identifier: MIT
# A guest without a GPU's libraries: MRDA_GUEST_ONLY has the guest library and the sample, and nothing of the host.
set(build ${work_dir}/guest_only)
file(REMOVE_RECURSE ${build})
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${source_dir} -B ${build} -G ${generator} -D CMAKE_CXX_COMPILER=${compiler}
    -D MRDA_GUEST_ONLY=ON -D MRDA_BUILD_TESTS=OFF
  COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(
  COMMAND ${CMAKE_COMMAND} --build ${build} --target help
  COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE targets)
foreach(wanted IN ITEMS mrda_guest mrda_sample_app)
  if(NOT targets MATCHES "${wanted}:")
    message(FATAL_ERROR "a guest alone lacks ${wanted}")
  endif()
endforeach()
foreach(unwanted IN ITEMS mrda_l0 mrda_vaapi mrda_vpl mrda-worker mrda-service usm_to_va)
  if(targets MATCHES "${unwanted}:")
    message(FATAL_ERROR "a guest alone has ${unwanted}")
  endif()
endforeach()
