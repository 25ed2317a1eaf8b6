# SPDX-License-Identifier: MIT
# The vendors' SDKs, each as mrda_dep_NAME and MRDA_HAVE_NAME, with the Debian package that brings it.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

function(mrda_find_dependency name package module)
  pkg_check_modules(MRDA_${name} IMPORTED_TARGET GLOBAL ${module})
  set(MRDA_HAVE_${name} ${MRDA_${name}_FOUND} PARENT_SCOPE)
  set(MRDA_PACKAGE_${name} ${package} PARENT_SCOPE)
  set(MRDA_MODULE_${name} ${module} PARENT_SCOPE)
endfunction()

mrda_find_dependency(LevelZero libze-dev libze_loader)
mrda_find_dependency(Libva libva-dev "libva>=1.14")
mrda_find_dependency(LibvaDrm libva-dev libva-drm)
mrda_find_dependency(Libdrm libdrm-dev libdrm)
mrda_find_dependency(Libvpl libvpl-dev "vpl>=2.6")
mrda_find_dependency(X264 libx264-dev x264)
mrda_find_dependency(X265 libx265-dev x265)
mrda_find_dependency(SvtAv1 libsvtav1enc-dev SvtAv1Enc)

# Debian's libyuv has neither a .pc file nor a CMake config.
find_path(MRDA_LIBYUV_INCLUDE libyuv.h)
find_library(MRDA_LIBYUV_LIBRARY yuv)
set(MRDA_PACKAGE_Libyuv libyuv-dev)
set(MRDA_HAVE_Libyuv FALSE)
if(MRDA_LIBYUV_INCLUDE AND MRDA_LIBYUV_LIBRARY)
  set(MRDA_HAVE_Libyuv TRUE)
  add_library(mrda_libyuv INTERFACE)
  target_include_directories(mrda_libyuv SYSTEM INTERFACE ${MRDA_LIBYUV_INCLUDE})
  target_link_libraries(mrda_libyuv INTERFACE ${MRDA_LIBYUV_LIBRARY})
endif()
