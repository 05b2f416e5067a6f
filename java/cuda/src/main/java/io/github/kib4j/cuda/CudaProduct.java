package io.github.kib4j.cuda;

import io.github.kib4j.bindings.Sequence;
import io.github.kib4j.cuda.ConvolutionTask.Direction;
import io.github.kib4j.cuda.internal.kib_cuda;
import io.github.kib4j.op.Decisions;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link ProductOps} by cuBLASLt and cuDNN, each product by the plan that {@link ConvolutionChoices} takes for it. */
final class CudaProduct implements ProductOps<Work>, AutoCloseable {
    private final CudaKernels library;
    private final CudaStreams streams;
    private final ConvolutionLibraries libraries;
    private final ConvolutionChoices choices;

    /** Opens the libraries on a card. Nothing is measured, nor kept, on a device whose clock says nothing: an emulated one. */
    CudaProduct(CudaCard card, CudaKernels library, CudaStreams streams, CudaOptions options) {
        this.library = library;
        this.streams = streams;
        streams.enter();
        SinglePrecision precision = options.tf32() ? SinglePrecision.TF32 : SinglePrecision.F32;
        libraries = ConvolutionLibraries.open(library, precision);
        ConvolutionCandidates candidates = new ConvolutionCandidates(libraries);
        ConvolutionFamily family = ConvolutionFamily.of(options.convolution());
        boolean isEmulated = kib_cuda.kib_cuda_is_watched() != 0;
        choices = isEmulated
                ? new ConvolutionChoices(candidates, family, null, null)
                : new ConvolutionChoices(
                        candidates,
                        family,
                        new ConvolutionFile(ConvolutionFile.ofUser(), device(card)),
                        new ConvolutionTimer());
    }

    /** Returns what has to be the same for the same choices, and the same bits. */
    static String device(CudaCard card) {
        return card.name() + ", compute capability " + card.capability() / 10 + "." + card.capability() % 10
                + ", cuBLASLt " + CudaVersions.of(CudaLibrary.BLAS_LT).number()
                + ", cuDNN " + CudaVersions.of(CudaLibrary.DNN).number();
    }

    /** Returns by what each product is computed that was planned so far, and what prevents that from being kept, if something does. */
    Decisions decisions() {
        return choices.decisions();
    }

    @Override
    public Work forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry) {
        ConvolutionTask task = task(Direction.FORWARD, x, w, geometry, y.type(), bias != null);
        return work(task, x, w, y, bias);
    }

    @Override
    public Work weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x, Geometry geometry) {
        Work product = work(task(Direction.WEIGHT_GRADIENT, x, dw, geometry, DataType.F32, false), x, dw, dy, null);
        return dbias == null ? product : new Sequence(List.of(product, library.sumRows(dbias, dy)));
    }

    @Override
    public Work dataGradient(Tensor dx, Tensor dy, Tensor w, Geometry geometry) {
        return work(task(Direction.DATA_GRADIENT, dx, w, geometry, dx.type(), false), dx, w, dy, null);
    }

    private Work work(ConvolutionTask task, Tensor x, Tensor w, Tensor y, @Nullable Tensor bias) {
        streams.enter();
        return x.owner().isDry()
                ? new Measured(choices.scratchBytes(task))
                : new ProductWork(choices.plan(task), x, w, y, bias);
    }

    /** Of tensors without memory, for which nothing is chosen: choosing may run what it chooses from. */
    private record Measured(long scratchBytes) implements Work {
        @Override
        public Runnable bind(Place place) {
            throw new IllegalStateException("A product on tensors without memory is measured, and not run.");
        }
    }

    /** A matrix is a window of one position over images of one position, whatever the rank of its input. */
    private ConvolutionTask task(
            Direction direction, Tensor x, Tensor w, Geometry geometry, DataType result, boolean bias) {
        Shape shape = x.shape();
        boolean images = geometry.isConvolution();
        return new ConvolutionTask(
                direction,
                shape.extent(0),
                images ? shape.extent(1) : shape.rowSize(),
                images ? shape.extent(2) : 1,
                images ? shape.extent(3) : 1,
                w.shape().extent(0),
                images ? geometry.kernel() : 1,
                library.numbers(x.type()),
                library.numbers(w.type()),
                library.numbers(result),
                bias);
    }

    /** A plan on tensors. */
    private final class ProductWork implements Work {
        private final ConvolutionPlan plan;
        private final Tensor x;
        private final Tensor w;
        private final Tensor y;
        private final @Nullable Tensor bias;

        ProductWork(ConvolutionPlan plan, Tensor x, Tensor w, Tensor y, @Nullable Tensor bias) {
            this.plan = plan;
            this.x = x;
            this.w = w;
            this.y = y;
            this.bias = bias;
        }

        @Override
        public long scratchBytes() {
            return plan.scratchBytes();
        }

        @Override
        public Runnable bind(Place place) {
            streams.enter();
            return plan.bind(
                    new ConvolutionPlan.Memory(
                            library.bytes(x),
                            library.bytes(w),
                            library.bytes(y),
                            library.bytesOrNull(bias),
                            library.bytesOrNull(place.scratch())),
                    new Queue(place.lane(), streams.stream(place.lane())));
        }
    }

    @Override
    public void close() {
        streams.enter();
        libraries.close();
    }
}
