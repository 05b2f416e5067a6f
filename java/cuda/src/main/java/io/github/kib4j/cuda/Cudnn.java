package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cudnn.*;

import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.DataType;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;

/** cuDNN: its handles, one for each lane, and the descriptors that were made, each once. All live until it is closed. */
final class Cudnn implements AutoCloseable {
    private final Map<Lane, cudnnContext> handles = new EnumMap<>(Lane.class);
    private final Map<List<Object>, cudnnTensorStruct> images = new HashMap<>();
    private final Map<List<Object>, cudnnFilterStruct> filters = new HashMap<>();
    private final Map<List<Object>, cudnnConvolutionStruct> convolutions = new HashMap<>();

    /** Returns the lane's handle; its stream is set by each call that uses it. */
    cudnnContext handle(Lane lane) {
        return handles.computeIfAbsent(lane, unused -> {
            cudnnContext handle = new cudnnContext();
            CudaStatus.checkDnn(cudnnCreate(handle), "cudnnCreate");
            return handle;
        });
    }

    /** Describes images stored {@code [count, height, width, channels]}. */
    cudnnTensorStruct images(DataType type, int count, int channels, int height, int width) {
        return images.computeIfAbsent(List.of(type, count, channels, height, width), unused -> {
            cudnnTensorStruct descriptor = new cudnnTensorStruct();
            CudaStatus.checkDnn(cudnnCreateTensorDescriptor(descriptor), "cudnnCreateTensorDescriptor");
            CudaStatus.checkDnn(
                    cudnnSetTensor4dDescriptor(
                            descriptor, CUDNN_TENSOR_NHWC, typeOf(type), count, channels, height, width),
                    "cudnnSetTensor4dDescriptor");
            return descriptor;
        });
    }

    /** Describes filters stored {@code [count, size, size, channels]}. */
    cudnnFilterStruct filters(DataType type, int count, int channels, int size) {
        return filters.computeIfAbsent(List.of(type, count, channels, size), unused -> {
            cudnnFilterStruct descriptor = new cudnnFilterStruct();
            CudaStatus.checkDnn(cudnnCreateFilterDescriptor(descriptor), "cudnnCreateFilterDescriptor");
            CudaStatus.checkDnn(
                    cudnnSetFilter4dDescriptor(
                            descriptor, typeOf(type), CUDNN_TENSOR_NHWC, count, channels, size, size),
                    "cudnnSetFilter4dDescriptor");
            return descriptor;
        });
    }

    /**
     * Describes convolutions of stride 1, summed in single precision.
     *
     * @param math a {@code cudnnMathType_t}
     */
    cudnnConvolutionStruct convolution(int padding, int math) {
        return convolutions.computeIfAbsent(List.of(padding, math), unused -> {
            cudnnConvolutionStruct descriptor = new cudnnConvolutionStruct();
            CudaStatus.checkDnn(cudnnCreateConvolutionDescriptor(descriptor), "cudnnCreateConvolutionDescriptor");
            CudaStatus.checkDnn(
                    cudnnSetConvolution2dDescriptor(
                            descriptor, padding, padding, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
                    "cudnnSetConvolution2dDescriptor");
            CudaStatus.checkDnn(cudnnSetConvolutionMathType(descriptor, math), "cudnnSetConvolutionMathType");
            return descriptor;
        });
    }

    private static int typeOf(DataType type) {
        return type == DataType.BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    }

    @Override
    public void close() {
        images.values()
                .forEach(d -> CudaStatus.checkDnn(cudnnDestroyTensorDescriptor(d), "cudnnDestroyTensorDescriptor"));
        filters.values()
                .forEach(d -> CudaStatus.checkDnn(cudnnDestroyFilterDescriptor(d), "cudnnDestroyFilterDescriptor"));
        convolutions
                .values()
                .forEach(d ->
                        CudaStatus.checkDnn(cudnnDestroyConvolutionDescriptor(d), "cudnnDestroyConvolutionDescriptor"));
        handles.values().forEach(handle -> CudaStatus.checkDnn(cudnnDestroy(handle), "cudnnDestroy"));
    }
}
