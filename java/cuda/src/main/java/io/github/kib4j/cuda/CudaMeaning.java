package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.*;
import static org.bytedeco.cuda.global.cudnn.*;

/**
 * What a status means to the user, and what to do. Every constant here is compiled in: the classes that declare them are not
 * touched.
 *
 * @param kind who has to do something
 * @param advice the half sentence behind the status' name: what it means: what to do; of memory the same is to be done always
 */
record CudaMeaning(Kind kind, String advice) {
    /** The driver that CUDA 13 asks for, by NVIDIA's release notes. */
    static final String DRIVER = "driver 580 or later, which CUDA 13 needs";

    /** Who has to do something about a status. */
    enum Kind {
        /** kib4j, which called wrongly. */
        BUG,
        /** Who runs it: what is asked for does not fit. */
        MEMORY,
        /** Who runs it: something outside is not as it must be. */
        OUTSIDE,
        /** As before, and the device is of no use in this process any more. */
        LOST
    }

    private static CudaMeaning outside(String advice) {
        return new CudaMeaning(Kind.OUTSIDE, advice);
    }

    private static CudaMeaning lost(String advice) {
        return new CudaMeaning(Kind.LOST, advice + "; the device is lost to this process");
    }

    private static final CudaMeaning MEMORY = new CudaMeaning(Kind.MEMORY, "the device has no room");
    private static final CudaMeaning NO_KERNEL = outside(
            "this build has no machine code for this card: build it with the card's architecture among those that"
                    + " nvcc is given");
    private static final CudaMeaning LIBRARIES_DIFFER =
            outside("parts of the library are of different versions: reinstall it as a whole");
    private static final CudaMeaning BUG = new CudaMeaning(Kind.BUG, "the call is wrong");

    /** Returns the meaning of a status of the driver or the runtime. */
    static CudaMeaning ofRuntime(int status) {
        return switch (status) {
            case cudaErrorMemoryAllocation -> MEMORY;
            case cudaErrorInsufficientDriver, cudaErrorCallRequiresNewerDriver ->
                outside("the driver is older than the CUDA runtime: install " + DRIVER);
            case cudaErrorStubLibrary ->
                outside("libcuda.so.1 is the toolkit's stand-in and no driver: take the folder 'stubs' off the path of"
                        + " libraries, and install a driver");
            case cudaErrorNoDevice ->
                outside("there is no GPU: see whether nvidia-smi lists one, and unset CUDA_VISIBLE_DEVICES");
            case cudaErrorInvalidDevice -> outside("there is no such GPU: see which ones nvidia-smi lists");
            case cudaErrorDevicesUnavailable ->
                outside("another process has the GPU for itself: see nvidia-smi, and end it or take another GPU");
            case cudaErrorInitializationError, cudaErrorDeviceUninitialized, cudaErrorSystemNotReady ->
                outside("the driver does not start: see what nvidia-smi says, and start the machine again");
            case cudaErrorSystemDriverMismatch ->
                outside("the driver in the kernel and its library are of different versions: start the machine again");
            case cudaErrorCompatNotSupportedOnDevice ->
                outside("a compatibility library is loaded that this GPU does not take: install " + DRIVER);
            case cudaErrorNoKernelImageForDevice,
                    cudaErrorInvalidPtx,
                    cudaErrorUnsupportedPtxVersion,
                    cudaErrorInvalidKernelImage,
                    cudaErrorJitCompilerNotFound,
                    cudaErrorJitCompilationDisabled -> NO_KERNEL;
            case cudaErrorOperatingSystem, cudaErrorNotPermitted ->
                outside(
                        "the operating system refuses: see what nvidia-smi says, and whether /dev/nvidia* may be opened");
            case cudaErrorMpsConnectionFailed,
                    cudaErrorMpsRpcFailure,
                    cudaErrorMpsServerNotReady,
                    cudaErrorMpsMaxClientsReached,
                    cudaErrorMpsMaxConnectionsReached ->
                outside("the GPU's MPS server does not take this process: ask who runs it, or stop it");
            case cudaErrorMpsClientTerminated -> lost("the GPU's MPS server ended this process' work: start again");
            case cudaErrorIllegalAddress,
                    cudaErrorHardwareStackError,
                    cudaErrorIllegalInstruction,
                    cudaErrorMisalignedAddress,
                    cudaErrorInvalidAddressSpace,
                    cudaErrorInvalidPc,
                    cudaErrorLaunchFailure,
                    cudaErrorAssert,
                    cudaErrorTensorMemoryLeak,
                    cudaErrorContained,
                    cudaErrorContextIsDestroyed ->
                lost(
                        "a kernel failed on the GPU: start again from the last checkpoint, and if it comes again, report it with"
                                + " what compute-sanitizer says of the same command");
            case cudaErrorLaunchTimeout ->
                lost(
                        "the system ended a kernel that took too long, as it does where the GPU also draws a screen: take a"
                                + " smaller batch, or a GPU without a screen");
            case cudaErrorECCUncorrectable, cudaErrorNvlinkUncorrectable ->
                lost("the GPU's hardware failed: see nvidia-smi and the system's log (Xid), and take another GPU");
            case cudaErrorExternalDevice, cudaErrorUnknown ->
                lost("the driver says no more: see the system's log (Xid), and start again from the last checkpoint");
            default -> BUG;
        };
    }

    /** Returns the meaning of a status of cuBLAS or cuBLASLt. */
    static CudaMeaning ofBlas(int status) {
        return switch (status) {
            case CUBLAS_STATUS_ALLOC_FAILED -> MEMORY;
            case CUBLAS_STATUS_NOT_INITIALIZED ->
                new CudaMeaning(Kind.MEMORY, "cuBLAS does not start, mostly since the device has no room");
            case CUBLAS_STATUS_ARCH_MISMATCH ->
                outside("this cuBLAS has no code for this card: install one that knows it");
            case CUBLAS_STATUS_MAPPING_ERROR, CUBLAS_STATUS_EXECUTION_FAILED, CUBLAS_STATUS_INTERNAL_ERROR ->
                outside(
                        "cuBLAS failed on the GPU: start again from the last checkpoint, and if it comes again, try another"
                                + " version of cuBLAS or of the driver");
            case CUBLAS_STATUS_LICENSE_ERROR -> outside("cuBLAS wants a licence: install NVIDIA's own");
            default -> BUG;
        };
    }

    /** Returns the meaning of a status of cuDNN. */
    static CudaMeaning ofDnn(int status) {
        return switch (status) {
            case CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED,
                    CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED -> MEMORY;
            case CUDNN_STATUS_NOT_INITIALIZED ->
                new CudaMeaning(Kind.MEMORY, "cuDNN does not start, mostly since the device has no room");
            case CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH -> LIBRARIES_DIFFER;
            case CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED,
                    CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE,
                    CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING ->
                outside("a part of cuDNN is missing: reinstall cuDNN as a whole");
            case CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER ->
                outside("the driver is older than this cuDNN needs: install " + DRIVER);
            case CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDART ->
                outside("this cuDNN is for another CUDA: install the one for CUDA 13");
            case CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH ->
                outside("this cuDNN has no code for this card: install one that knows it");
            case CUDNN_STATUS_LICENSE_ERROR -> outside("cuDNN wants a licence: install NVIDIA's own");
            default ->
                status >= CUDNN_STATUS_INTERNAL_ERROR
                        ? outside(
                                "cuDNN failed on the GPU: start again from the last checkpoint, and if it comes again, try"
                                        + " another version of cuDNN or of the driver")
                        : BUG;
        };
    }
}
