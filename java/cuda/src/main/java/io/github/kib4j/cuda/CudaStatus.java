package io.github.kib4j.cuda;

import io.github.kib4j.op.DeviceMemory;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * Makes statuses of CUDA's libraries exceptions with a sentence: {@link OutOfDeviceMemoryException} where the device is full,
 * {@link CudaException} where something outside fails, and {@link IllegalStateException} where the call was wrong, a bug of ours.
 */
final class CudaStatus {
    private static final int DETAIL = 512;

    private CudaStatus() {}

    /**
     * Checks what a function of the CUDA runtime, or one of our own that launches kernels, returned.
     *
     * @param status a {@code cudaError_t}
     * @param call the function's name, and what it was called for, if one would ask
     */
    static void check(int status, String call) {
        if (status != cudart.cudaSuccess) {
            cudart.cudaGetLastError(); // what is told here is not told again by a later call
            throw failure(CudaMeaning.ofRuntime(status), call, runtimeName(status), "");
        }
    }

    /**
     * Checks what a function of cuBLAS or cuBLASLt returned.
     *
     * @param status a {@code cublasStatus_t}
     * @param call the function's name, and what it was called for, if one would ask
     */
    static void checkBlas(int status, String call) {
        if (status != cublas.CUBLAS_STATUS_SUCCESS) {
            throw library(CudaMeaning.ofBlas(status), call, text(cublas.cublasGetStatusName(status)), "");
        }
    }

    /**
     * Checks what a function of cuDNN returned.
     *
     * @param status a {@code cudnnStatus_t}
     * @param call the function's name, and what it was called for, if one would ask
     */
    static void checkDnn(int status, String call) {
        if (status != cudnn.CUDNN_STATUS_SUCCESS) {
            throw library(CudaMeaning.ofDnn(status), call, text(cudnn.cudnnGetErrorString(status)), saidByDnn());
        }
    }

    /**
     * {@return what cuDNN said last of this thread's calls, once} To be taken too where a refusal is passed over: else it is said of
     * the next call that fails without a word.
     */
    static String saidByDnn() {
        byte[] detail = new byte[DETAIL];
        cudnn.cudnnGetLastErrorString(detail, DETAIL);
        String said = new String(detail, StandardCharsets.UTF_8);
        return said.substring(0, Math.max(0, said.indexOf('\0')));
    }

    /** A library tells that it failed, the runtime tells why: where the device is lost, that is what counts. */
    private static RuntimeException library(CudaMeaning meaning, String call, String name, String detail) {
        int below = cudart.cudaPeekAtLastError();
        CudaMeaning cause = CudaMeaning.ofRuntime(below);
        if (below != cudart.cudaSuccess && cause.kind() != CudaMeaning.Kind.BUG) {
            cudart.cudaGetLastError();
            return failure(cause, call, name + ", and CUDA " + runtimeName(below), detail);
        }
        return failure(meaning, call, name, detail);
    }

    /**
     * {@return the exception of what a library of ours tells of CUDA}
     *
     * @param sentence with the name of the status in it: {@code cudaErrorIllegalAddress}
     */
    static RuntimeException told(String sentence) {
        Matcher name = Pattern.compile("cudaError[A-Za-z]+").matcher(sentence);
        int status = name.find()
                ? IntStream.rangeClosed(1, cudart.cudaErrorUnknown)
                        .filter(number -> name.group().equals(text(cudart.cudaGetErrorName(number))))
                        .findFirst()
                        .orElse(cudart.cudaErrorUnknown)
                : cudart.cudaErrorUnknown;
        return failure(CudaMeaning.ofRuntime(status), oneLine(sentence));
    }

    private static RuntimeException failure(CudaMeaning meaning, String call, String name, String detail) {
        return failure(meaning, call + " returned " + name + (detail.isBlank() ? "" : " (" + oneLine(detail) + ")"));
    }

    private static RuntimeException failure(CudaMeaning meaning, String what) {
        return switch (meaning.kind()) {
            case BUG -> new IllegalStateException(what + ".");
            case MEMORY ->
                new OutOfDeviceMemoryException(
                        what + ": " + meaning.advice() + memory()
                                + ": end what else runs on it (nvidia-smi lists it), or take a smaller batch or another device.");
            case OUTSIDE -> new CudaException(what + ": " + meaning.advice() + ".", false);
            case LOST -> new CudaException(what + ": " + meaning.advice() + ".", true);
        };
    }

    /** Returns how much of the device is free; nothing where it does not say, since the process has no context on it. */
    private static String memory() {
        try (SizeTPointer free = new SizeTPointer(1);
                SizeTPointer total = new SizeTPointer(1)) {
            if (cudart.cudaMemGetInfo(free, total) != cudart.cudaSuccess) {
                cudart.cudaGetLastError(); // of this question nobody is told
                return "";
            }
            String memory = new DeviceMemory(total.get(), free.get(), 0).describe();
            return " (" + memory + ", and another process may hold some)";
        }
    }

    private static String runtimeName(int status) {
        return text(cudart.cudaGetErrorName(status)) + " (" + text(cudart.cudaGetErrorString(status)) + ")";
    }

    private static String oneLine(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    }

    private static String text(BytePointer said) {
        return said == null || said.isNull() ? "an unknown status" : said.getString();
    }
}
