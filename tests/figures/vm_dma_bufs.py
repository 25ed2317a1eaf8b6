# SPDX-License-Identifier: MIT
"""True DMA-BUFs, in a guest whose kernel makes them: rows of the virtual machines' figures."""

import filecmp
import os
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path += [os.path.join(TESTS, "vm"), os.path.join(TESTS, "service")]
import host_in_guest  # noqa: E402

VIDEO = f"{host_in_guest.FRAMES} frames of {host_in_guest.WIDTH}x{host_in_guest.HEIGHT}"


def holds(condition):
    return "yes" if condition else "no"


def encode_rows(service, video, here):
    """The video through a service in the guest; `here` is what one of this machine's made of it."""
    there = os.path.join(video.folder, "there.h264")
    report = service.encode(video, there)
    by = report["path_reason"]
    yield "5 the surfaces, in a guest", "DMA-BUFs", f"{report['path']}, {by}", holds("DMA-BUF of udmabuf" in by)
    bare, inside = video.psnr(here), video.psnr(there)
    # Encoders have more threads where there are more processors, and other bytes then.
    bitstream = "the same bytes" if filecmp.cmp(here, there, shallow=False) else "other bytes"
    yield (f"5 PSNR of {VIDEO}, in a guest", f"{bare:.2f} dB +-0.1", f"{inside:.2f} dB, {bitstream}",
           holds(abs(bare - inside) <= 0.1 and report["packets"] == host_in_guest.FRAMES))
    copied = report["cpu_copied_bytes"]
    yield "5 bytes copied by a CPU from slot to encoder", 0, copied, holds(copied == 0)


def cycle_rows(guest, build, count):
    steady, told = host_in_guest.cycles(guest, build, count)
    if isinstance(told, dict):
        told = ", ".join(str(told[name]) for name in ("descriptors", "mappings", "kernel_objects", "resident_kib"))
    yield f"5 {count} DMA-BUFs closed: more fds, maps, objects, KiB", "0, 0, 0, < 1024", told, holds(steady)


def rows(guest, folder, build, quick):
    """(what, goal, figure, "yes" or "no") of each row. The guest sees the folder."""
    here = os.path.join(folder, "here.h264")
    video = host_in_guest.Video(folder)
    host_in_guest.encode_here(build, video, here)
    service = host_in_guest.InnerService(guest, build, folder)
    yield from cycle_rows(guest, build, 500 if quick else 10000)
    yield from encode_rows(service, video, here)
