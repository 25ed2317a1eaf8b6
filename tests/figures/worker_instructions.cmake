# SPDX-License-Identifier: MIT
# The program whose instructions worker_instructions.py counts, here and in a tree of an older commit, which it is
# put into with this file.
add_executable(worker_instructions ${CMAKE_CURRENT_LIST_DIR}/worker_instructions.cpp)
set_target_properties(worker_instructions PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
target_link_libraries(worker_instructions PRIVATE mrda_worker_pipeline PkgConfig::MRDA_Libdrm mrda_options)
# The guest's turn is where the worker waits.
target_link_options(worker_instructions PRIVATE -Wl,--wrap=_ZN4mrda7ivshmem7Channel4waitEm)
add_dependencies(worker_instructions mrda_plugin_copy)
