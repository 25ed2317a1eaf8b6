# SPDX-License-Identifier: MIT
# Installs the build in `build_dir` into a tree of its own, and builds and runs the project in
# `outside_dir` against that.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# refused(PATTERN cmake-option...): configuring must fail, and say PATTERN.
function(refused pattern)
  execute_process(COMMAND ${configure} -B ${work_dir}/refused ${ARGN}
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE errors)
  string(REGEX REPLACE "[ \n]+" " " errors "${errors}")
  if(status EQUAL 0 OR NOT errors MATCHES "${pattern}")
    message(FATAL_ERROR "expected a refusal like \"${pattern}\", got: ${status}, ${errors}")
  endif()
  file(REMOVE_RECURSE ${work_dir}/refused)
endfunction()

file(REMOVE_RECURSE ${work_dir})
set(prefix ${work_dir}/prefix)
set(flags "")
if(sanitize)
  set(flags -fsanitize=${sanitize})
endif()
set(configure ${CMAKE_COMMAND} -S ${outside_dir} -G ${generator}
  -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_CXX_FLAGS=${flags} -D CMAKE_BUILD_TYPE=${config}
  -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)

run(${CMAKE_COMMAND} --install ${build_dir} --config ${config} --prefix ${prefix})

if(NOT EXISTS ${prefix}/${doc_dir}/LICENSE)
  message(FATAL_ERROR "no LICENSE in ${prefix}/${doc_dir}")
endif()

foreach(program IN ITEMS mrda-service mrda-doorbell)
  set(unit ${prefix}/lib/systemd/system/${program}.service)
  if(EXISTS ${prefix}/bin/${program})
    file(STRINGS ${unit} start REGEX "^ExecStart=${prefix}/bin/${program} ")
    if(NOT start)
      message(FATAL_ERROR "${unit} does not start the program beside it")
    endif()
  endif()
endforeach()

# The installed package is whole only if nothing in it leads back to the build tree.
file(GLOB_RECURSE package_files ${prefix}/*.cmake)
foreach(file IN LISTS package_files)
  file(STRINGS ${file} leaks REGEX "${build_dir}")
  if(leaks)
    message(FATAL_ERROR "${file} names the build tree: ${leaks}")
  endif()
endforeach()

run(${configure} -B ${work_dir}/build -D modules=${modules})
run(${CMAKE_COMMAND} --build ${work_dir}/build)

# Each installed driver must load from where it was installed.
set(drivers ${prefix}/${lib_dir}/mrda)
set(must_work "")
foreach(pair IN ITEMS "l0=libmrda_ze.so" "vaapi=mrda_drv_video.so" "vpl=libvpl*.so*")
  string(REPLACE "=" ";" pair ${pair})
  list(GET pair 0 module)
  list(GET pair 1 pattern)
  file(GLOB found ${drivers}/${pattern})
  if(found)
    list(APPEND must_work ${module})
  endif()
endforeach()
run(${CMAKE_COMMAND} -E env MRDA_DRIVER_DIR=${drivers} ${work_dir}/build/outside ${must_work})

refused("component attic is missing: this MRDA was built without it; it has: interop"
  -D modules=interop,attic)
refused("find_package.*version" -D modules=interop -D version=9.9)
if(modules MATCHES "l0")
  # pkg-config(1): with this set it looks nowhere else, so every vendor's library is gone.
  set(ENV{PKG_CONFIG_LIBDIR} ${work_dir}/nowhere)
  unset(ENV{PKG_CONFIG_PATH})
  refused("component l0 is missing: it links libze_loader: install libze-dev" -D modules=interop,l0)
endif()
