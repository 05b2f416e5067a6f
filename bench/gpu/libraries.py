"""Where this machine keeps NVIDIA's driver, CUDA runtime, cuBLAS and cuDNN: no library is loaded to find out.

  python3 libraries.py         prints them
"""
import glob
import importlib.util
import os
import subprocess

# A folder that has one of these serves; kib4j is built for CUDA 13 and cuDNN 9.
WANTED = ("libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcudnn.so.9", "libcudnn_cnn.so.9", "libnvrtc.so.13")
DRIVER = "libcuda.so.1"
DRIVER_FOLDERS = ("/usr/local/nvidia/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib")


def wheel_folders():
    """The lib folders of NVIDIA's wheels beside this Python, which fit together; sorted by name."""
    spec = importlib.util.find_spec("nvidia")
    roots = spec.submodule_search_locations if spec else []
    return [folder for root in (roots or []) for folder in sorted(glob.glob(os.path.join(root, "*", "lib"))) if serves(folder)]


def toolkit_folders():
    """The lib folders of toolkits below /usr/local, the newest first."""
    found = sorted({os.path.realpath(f) for f in glob.glob("/usr/local/cuda*/lib64")}, reverse=True)
    return [f for f in found if serves(f)]


def serves(folder):
    return any(os.path.exists(os.path.join(folder, name)) for name in WANTED)


def folders():
    """Folders of CUDA libraries: those of KIB_CUDA_LIBRARIES alone, else of NVIDIA's wheels, else of a toolkit."""
    named = os.environ.get("KIB_CUDA_LIBRARIES", "")
    return [f for f in named.split(":") if f] or wheel_folders() or toolkit_folders()


def loader_cache():
    """{name: path} of NVIDIA's libraries that the loader knows by itself."""
    for program in ("ldconfig", "/sbin/ldconfig"):
        try:
            lines = subprocess.run([program, "-p"], capture_output=True, text=True, timeout=10).stdout.splitlines()
        except (OSError, subprocess.SubprocessError):
            continue
        found = {}
        for line in lines:
            name, _, path = line.strip().partition(" => ")
            name = name.split(" ")[0]
            if name in WANTED or name == DRIVER:
                found.setdefault(name, path)
        return found
    return {}


def driver():
    """The path of libcuda.so.1, or None."""
    places = [os.path.join(f, DRIVER) for f in (*folders(), *DRIVER_FOLDERS)]
    return next((p for p in places if os.path.exists(p)), None) or loader_cache().get(DRIVER)


def search_path():
    """What LD_LIBRARY_PATH holds for a program that is linked with these libraries: theirs first, then the driver's."""
    found = driver()
    parts = folders() + ([os.path.dirname(found)] if found else []) + [os.environ.get("LD_LIBRARY_PATH", "")]
    return ":".join(p for p in parts if p)


if __name__ == "__main__":
    print("driver:", driver())
    print("folders:", *folders(), sep="\n  ")
    print("loader:", *(f"{name} {path}" for name, path in loader_cache().items()), sep="\n  ")
