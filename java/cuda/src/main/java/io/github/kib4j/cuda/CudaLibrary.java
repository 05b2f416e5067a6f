package io.github.kib4j.cuda;

import java.util.List;

/** The libraries of NVIDIA's that the backend uses, in the order in which they are loaded. */
enum CudaLibrary {
    /** Of the driver, which the toolkit and Python's wheels do not have. */
    DRIVER("driver", List.of("libcuda.so.1"), "install NVIDIA's driver 580 or later, which CUDA 13 needs"),
    /** Shared by all others and our own kernels. */
    RUNTIME("runtime", List.of("libcudart.so.13"), advice("nvidia-cuda-runtime")),
    /** Before cuBLAS, which needs it. */
    BLAS_LT("cuBLASLt", List.of("libcublasLt.so.13"), advice("nvidia-cublas")),
    /** Products. */
    BLAS("cuBLAS", List.of("libcublas.so.13"), advice("nvidia-cublas")),
    /** Convolutions; its parts lie beside it, those first that others need. */
    DNN(
            "cuDNN",
            List.of(
                    "libcudnn.so.9",
                    "libcudnn_graph.so.9",
                    "libcudnn_ops.so.9",
                    "libcudnn_cnn.so.9",
                    "libcudnn_adv.so.9",
                    "libcudnn_heuristic.so.9",
                    "libcudnn_engines_precompiled.so.9",
                    "libcudnn_engines_runtime_compiled.so.9"),
            "install cuDNN 9 for CUDA 13, as pip install nvidia-cudnn-cu13 does, or name its folder in "
                    + CudaPlaces.VARIABLE);

    private final String title;
    private final List<String> files;
    private final String remedy;

    CudaLibrary(String title, List<String> files, String remedy) {
        this.title = title;
        this.files = files;
        this.remedy = remedy;
    }

    private static String advice(String wheel) {
        return "install CUDA 13, or its part alone as pip install " + wheel + " does, or name its folder in "
                + CudaPlaces.VARIABLE;
    }

    /** {@return the name that people know} */
    String title() {
        return title;
    }

    /** {@return the file that stands for it} */
    String file() {
        return files.get(0);
    }

    /** {@return all its files, which lie in one folder} */
    List<String> files() {
        return files;
    }

    /** {@return what to do where it is not there} */
    String remedy() {
        return remedy;
    }
}
