# SPDX-License-Identifier: MIT
# Puts the file that one target builds into another one, as bytes.

set(MRDA_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed.cmake)

# mrda_embed(TARGET SYMBOL FROM): TARGET may include "SYMBOL.h", which declares
#     extern const unsigned char SYMBOL[BYTES];
# and sizeof SYMBOL is a constant: what FROM, a library or program of this build, has in its file. Built again whenever FROM is.
function(mrda_embed target symbol from)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${target}_embed)
  set(out ${dir}/${symbol})
  add_custom_command(OUTPUT ${out}.c ${out}.h
    COMMAND ${CMAKE_COMMAND}
      -D symbol=${symbol} -D file=$<TARGET_FILE:${from}> -D out=${out} -P ${MRDA_EMBED_SCRIPT}
    DEPENDS ${from} ${MRDA_EMBED_SCRIPT}
    COMMENT "Embedding ${from} as ${symbol}"
    VERBATIM)
  # Apart from TARGET, whose warnings may be those of another language.
  add_library(${target}_${symbol} OBJECT ${out}.c ${out}.h)
  target_include_directories(${target}_${symbol} INTERFACE ${dir})
  target_link_libraries(${target} PRIVATE ${target}_${symbol})
endfunction()
