package io.github.kib4j.cuda;

import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;

/**
 * Which versions the loaded libraries are of, and what is wrong with that. Only for libraries that are loaded: the first look at
 * one that is not makes its class useless for good.
 */
final class CudaVersions {
    private static final int MAJOR = 13;
    /** The first cuDNN for CUDA 13. */
    private static final int OLDEST_CUDNN = 91200;

    private CudaVersions() {}

    /**
     * A library's version.
     *
     * @param number as text
     * @param problem half a sentence on what is wrong; empty if nothing is
     */
    record Version(String number, String problem) {}

    static Version of(CudaLibrary library) {
        return switch (library) {
            case DRIVER -> driver();
            case RUNTIME -> runtime();
            case BLAS_LT -> blasLt();
            case BLAS -> blas();
            case DNN -> dnn();
        };
    }

    private static Version driver() {
        int[] version = {0};
        CudaStatus.check(cudart.cudaDriverGetVersion(version), "cudaDriverGetVersion");
        String number = cuda(version[0]);
        return new Version(
                "for CUDA " + number, version[0] < MAJOR * 1000 ? "the driver is for CUDA " + number + " at most" : "");
    }

    private static Version runtime() {
        int[] version = {0};
        CudaStatus.check(cudart.cudaRuntimeGetVersion(version), "cudaRuntimeGetVersion");
        String number = cuda(version[0]);
        return new Version(number, version[0] / 1000 != MAJOR ? "it says that it is CUDA " + number + ", not 13" : "");
    }

    private static Version blasLt() {
        long version = cublas.cublasLtGetVersion();
        String number = parts(version);
        return new Version(number, version / 10000 != MAJOR ? "it says that it is of CUDA " + number + ", not 13" : "");
    }

    private static Version blas() {
        int[] parts = new int[3];
        int[] part = {0};
        for (int i = 0; i < parts.length; i++) {
            CudaStatus.checkBlas(cublas.cublasGetProperty(i, part), "cublasGetProperty");
            parts[i] = part[0];
        }
        String number = parts[0] + "." + parts[1] + "." + parts[2];
        String other = parts(cublas.cublasLtGetVersion());
        return new Version(
                number, number.equals(other) ? "" : "it is " + number + ", but cuBLASLt, a part of it, is " + other);
    }

    private static Version dnn() {
        long version = cudnn.cudnnGetVersion();
        String number = parts(version);
        long runtime = cudnn.cudnnGetCudartVersion();
        String problem = version / 10000 != 9
                ? "it says that it is " + number + ", not 9"
                : runtime / 1000 != MAJOR
                        ? "it is " + number + " for CUDA " + cuda(runtime) + ", not for CUDA 13"
                        : version < OLDEST_CUDNN
                                ? "it is " + number + ", but at least " + parts(OLDEST_CUDNN) + " is needed"
                                : "";
        return new Version(number, problem);
    }

    /** Returns 13.1 for 13010. */
    private static String cuda(long version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    /** Returns 9.19.0 for 91900. */
    private static String parts(long version) {
        return version / 10000 + "." + version / 100 % 100 + "." + version % 100;
    }
}
