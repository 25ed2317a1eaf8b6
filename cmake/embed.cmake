# SPDX-License-Identifier: MIT
# The script behind mrda_embed(): writes OUT.c and OUT.h for SYMBOL, the bytes of FILE.
cmake_minimum_required(VERSION 3.25)
file(SIZE "${file}" bytes)
file(WRITE "${out}.h" "/* SPDX-License-Identifier: MIT */
#pragma once
#ifdef __cplusplus
extern \"C\" {
#endif
extern __attribute__((visibility(\"hidden\"))) const unsigned char ${symbol}[${bytes}];
#ifdef __cplusplus
}
#endif
")
# Written anew each time: the compiler reads the file, and its time tells that it has changed.
file(WRITE "${out}.c" "/* SPDX-License-Identifier: MIT */
__asm__(
    \".pushsection .rodata\\n\"
    \".balign 64\\n\"
    \".globl ${symbol}\\n\"
    \".hidden ${symbol}\\n\"
    \".type ${symbol}, @object\\n\"
    \".size ${symbol}, ${bytes}\\n\"
    \"${symbol}:\\n\"
    \".incbin \\\"${file}\\\"\\n\"
    \".popsection\\n\");
")
