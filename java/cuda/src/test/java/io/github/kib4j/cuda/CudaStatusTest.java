package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.*;
import static org.bytedeco.cuda.global.cudnn.*;

import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a status. */
@ExtendWith(EmulatedDevice.class)
class CudaStatusTest {
    @Test
    void successIsNothing() {
        CudaStatus.check(cudaSuccess, "cudaMalloc");
        CudaStatus.checkBlas(CUBLAS_STATUS_SUCCESS, "cublasLtMatmul");
        CudaStatus.checkDnn(CUDNN_STATUS_SUCCESS, "cudnnCreate");
    }

    @Test
    void aFullDeviceIsSaidWithItsMemory() {
        int status = cudaMalloc(new Pointer(), 1L << 45);
        assertThatThrownBy(() -> CudaStatus.check(status, "cudaMalloc"))
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageMatching(
                        "cudaMalloc returned cudaErrorMemoryAllocation \\(out of memory\\): the device has no room"
                                + " \\(of its 2,048 MB 2,0\\d\\d MB are free, and another process may hold some\\): end what else"
                                + " runs on it \\(nvidia-smi lists it\\), or take a smaller batch or another device\\.");
        assertThat(cudaGetLastError()).as("said once").isEqualTo(cudaSuccess);
    }

    @Test
    void aWrongCallIsABugOfOurs() {
        assertThatThrownBy(() -> CudaStatus.check(cudaErrorInvalidValue, "cudaMemcpyAsync"))
                .isInstanceOf(IllegalStateException.class)
                .isNotInstanceOf(KibFailure.class)
                .hasMessage("cudaMemcpyAsync returned cudaErrorInvalidValue (invalid argument).");
        assertThatThrownBy(() -> CudaStatus.checkBlas(CUBLAS_STATUS_INVALID_VALUE, "cublasLtMatmul"))
                .isNotInstanceOf(KibFailure.class)
                .hasMessage("cublasLtMatmul returned CUBLAS_STATUS_INVALID_VALUE.");
    }

    /** cuDNN tells more of its last error. */
    @Test
    void whatCudnnTellsIsToldOn() {
        cudnnTensorStruct tensor = new cudnnTensorStruct();
        CudaStatus.checkDnn(cudnnCreateTensorDescriptor(tensor), "cudnnCreateTensorDescriptor");
        int status = cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 0, 1, 1, 1);
        assertThatThrownBy(() -> CudaStatus.checkDnn(status, "cudnnSetTensor4dDescriptor"))
                .isNotInstanceOf(KibFailure.class)
                .hasMessageMatching("cudnnSetTensor4dDescriptor returned CUDNN_STATUS_BAD_PARAM \\(.+\\)\\.");
        CudaStatus.checkDnn(cudnnDestroyTensorDescriptor(tensor), "cudnnDestroyTensorDescriptor");
        Emulator.takeFindings();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "700 | cudaErrorIllegalAddress | start again from the last checkpoint | true",
                "716 | cudaErrorMisalignedAddress | start again from the last checkpoint | true",
                "702 | cudaErrorLaunchTimeout | a GPU without a screen | true",
                "214 | cudaErrorECCUncorrectable | take another GPU | true",
                "999 | cudaErrorUnknown | the system's log (Xid) | true",
                "810 | cudaErrorMpsClientTerminated | start again | true",
                "35 | cudaErrorInsufficientDriver | install driver 580 or later | false",
                "34 | cudaErrorStubLibrary | and install a driver | false",
                "100 | cudaErrorNoDevice | unset CUDA_VISIBLE_DEVICES | false",
                "101 | cudaErrorInvalidDevice | see which ones nvidia-smi lists | false",
                "46 | cudaErrorDevicesUnavailable | end it or take another GPU | false",
                "802 | cudaErrorSystemNotReady | start the machine again | false",
                "803 | cudaErrorSystemDriverMismatch | start the machine again | false",
                "804 | cudaErrorCompatNotSupportedOnDevice | install driver 580 | false",
                "209 | cudaErrorNoKernelImageForDevice | build it with the card's architecture | false",
                "304 | cudaErrorOperatingSystem | see what nvidia-smi says | false",
                "807 | cudaErrorMpsServerNotReady | or stop it | false"
            })
    void whatFailsOutsideIsOneSentenceWithTheRemedy(int status, String name, String remedy, boolean lost) {
        assertThatThrownBy(() -> CudaStatus.check(status, "cudaStreamSynchronize"))
                .isInstanceOfSatisfying(
                        CudaException.class, e -> assertThat(e.isLost()).isEqualTo(lost))
                .hasMessageStartingWith("cudaStreamSynchronize returned " + name + " (")
                .hasMessageContaining(remedy)
                .hasMessageMatching("(?!.*[.] ).*[.]");
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                CUBLAS_STATUS_ARCH_MISMATCH,
                CUBLAS_STATUS_EXECUTION_FAILED,
                CUBLAS_STATUS_INTERNAL_ERROR,
                CUBLAS_STATUS_LICENSE_ERROR
            })
    void cublas(int status) {
        assertThatThrownBy(() -> CudaStatus.checkBlas(status, "cublasLtMatmul"))
                .isInstanceOf(CudaException.class)
                .hasMessageMatching("cublasLtMatmul returned CUBLAS_STATUS_[A-Z_]+: [^.]+\\.");
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH,
                CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED,
                CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER,
                CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDART,
                CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH,
                CUDNN_STATUS_LICENSE_ERROR,
                CUDNN_STATUS_INTERNAL_ERROR,
                CUDNN_STATUS_EXECUTION_FAILED
            })
    void cudnn(int status) {
        assertThatThrownBy(() -> CudaStatus.checkDnn(status, "cudnnConvolutionForward"))
                .isInstanceOf(CudaException.class)
                .hasMessageMatching("cudnnConvolutionForward returned CUDNN_STATUS_[A-Z_]+( \\(.*\\))?: [^.]+\\.");
    }

    @Test
    void librariesWithoutRoom() {
        assertThatThrownBy(() -> CudaStatus.checkBlas(CUBLAS_STATUS_ALLOC_FAILED, "cublasLtCreate"))
                .isInstanceOf(OutOfDeviceMemoryException.class);
        assertThatThrownBy(() -> CudaStatus.checkDnn(CUDNN_STATUS_ALLOC_FAILED, "cudnnCreate"))
                .isInstanceOf(OutOfDeviceMemoryException.class);
        assertThatThrownBy(() -> CudaStatus.checkBlas(CUBLAS_STATUS_NOT_INITIALIZED, "cublasLtCreate"))
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageStartingWith("cublasLtCreate returned CUBLAS_STATUS_NOT_INITIALIZED: cuBLAS does not start,"
                        + " mostly since the device has no room (of its 2,048 MB ");
        assertThatThrownBy(() -> CudaStatus.checkDnn(CUDNN_STATUS_NOT_INITIALIZED, "cudnnCreate"))
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageMatching(
                        "cudnnCreate returned CUDNN_STATUS_NOT_INITIALIZED.*: cuDNN does not start, mostly since the"
                                + " device has no room \\(of its 2,048 MB .*");
    }

    /** cuBLAS says that it failed; what happened, CUDA says. */
    @Test
    void theCauseBelowALibraryIsTold() {
        cudaMalloc(new Pointer(), 1L << 45);
        assertThatThrownBy(() -> CudaStatus.checkBlas(CUBLAS_STATUS_EXECUTION_FAILED, "cublasLtMatmul"))
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageStartingWith("cublasLtMatmul returned CUBLAS_STATUS_EXECUTION_FAILED, and CUDA"
                        + " cudaErrorMemoryAllocation (out of memory): the device has no room");
    }

    /** Our own kernels tell what CUDA said of their launch. */
    @Test
    void whatOurLibraryTells() {
        assertThat(CudaStatus.told(
                        "The cuda device's kernels failed in gram.value: cudaErrorIllegalAddress (an illegal memory"
                                + " access was encountered)."))
                .isInstanceOfSatisfying(
                        CudaException.class, e -> assertThat(e.isLost()).isTrue())
                .hasMessageStartingWith(
                        "The cuda device's kernels failed in gram.value: cudaErrorIllegalAddress (an illegal"
                                + " memory access was encountered): a kernel failed on the GPU: start again");
        assertThat(CudaStatus.told(
                        "The cuda device's kernels failed in gram.value: cudaErrorNoKernelImageForDevice (no)."))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("build it with the card's architecture");
        assertThat(CudaStatus.told("The cuda device's kernels failed in gram.value: cudaErrorMemoryAllocation (no)."))
                .isInstanceOf(OutOfDeviceMemoryException.class);
        assertThat(CudaStatus.told("The cuda device's kernels failed in gram.value: cudaErrorInvalidValue (no)."))
                .isNotInstanceOf(KibFailure.class);
        assertThat(CudaStatus.told("The cuda device's kernels failed.")).isInstanceOf(CudaException.class);
    }

    @Test
    void aStatusThatNobodyKnows() {
        assertThatThrownBy(() -> CudaStatus.check(12345, "cudaMalloc")).isInstanceOf(IllegalStateException.class);
    }
}
