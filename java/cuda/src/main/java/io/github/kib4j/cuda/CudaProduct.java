package io.github.kib4j.cuda;

import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ProductOps} by cuBLASLt and cuDNN. */
final class CudaProduct implements ProductOps<Work> {
    CudaProduct(CudaKernels library, CudaStreams streams, CudaOptions options) {}

    @Override
    public Work forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry) {
        throw new UnsupportedOperationException("products");
    }

    @Override
    public Work weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x, Geometry geometry) {
        throw new UnsupportedOperationException("products");
    }

    @Override
    public Work dataGradient(Tensor dx, Tensor dy, Tensor w, Geometry geometry) {
        throw new UnsupportedOperationException("products");
    }

    void close() {}
}
