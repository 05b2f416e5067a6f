package io.github.kib4j.cuda;

import io.github.kib4j.bindings.KernelActivity;
import io.github.kib4j.bindings.KernelBatch;
import io.github.kib4j.bindings.KernelBatchNorm;
import io.github.kib4j.bindings.KernelCells;
import io.github.kib4j.bindings.KernelGram;
import io.github.kib4j.bindings.KernelObjective;
import io.github.kib4j.bindings.KernelOptimizer;
import io.github.kib4j.bindings.KernelRandom;
import io.github.kib4j.bindings.KernelReadout;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cuda.internal.kib_cuda;
import io.github.kib4j.op.Backend;
import io.github.kib4j.op.Decisions;
import io.github.kib4j.op.DeviceMemory;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Plan;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/** The CUDA backend: one device, its streams and its memory. */
record CudaBackend(
        CudaCard card,
        CudaOptions options,
        CudaStreams streams,
        CudaKernels library,
        CudaMemory memory,
        CudaProduct product,
        KernelBatchNorm batchNorm,
        KernelActivity activity,
        KernelCells cells,
        KernelGram gram,
        KernelObjective objective,
        KernelOptimizer optimizer,
        KernelReadout readout,
        KernelBatch batch,
        KernelRandom random)
        implements Backend {

    /** Loads the libraries, and then the kernels, which share their CUDA runtime. */
    static void load() {
        CudaLibraries.load();
        Loader.load(kib_cuda.class);
    }

    /** Opens a card. */
    static CudaBackend open(CudaCard card, CudaOptions options) {
        load();
        CudaStreams streams = new CudaStreams(card.index());
        Deque<Runnable> undo = new ArrayDeque<>(List.of(streams::close));
        try {
            CudaKernels library = new CudaKernels(streams);
            CudaMemory memory = new CudaMemory(library, streams);
            undo.push(memory::close);
            return new CudaBackend(
                    card,
                    options,
                    streams,
                    library,
                    memory,
                    new CudaProduct(card, library, streams, options),
                    new KernelBatchNorm(library),
                    new KernelActivity(library),
                    new KernelCells(library),
                    new KernelGram(library),
                    new KernelObjective(library),
                    new KernelOptimizer(library),
                    new KernelReadout(library),
                    new KernelBatch(library),
                    new KernelRandom(library));
        } catch (RuntimeException | Error e) {
            undo.forEach(Runnable::run);
            throw e;
        }
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public String description() {
        return "cuda: " + card.description() + (options.tf32() ? ", single-precision products in TF32" : "");
    }

    @Override
    public boolean accelerates(Precision precision) {
        return true; // no card older than compute capability 8.0 is opened
    }

    @Override
    public double peak(Precision precision) {
        CudaPeaks peaks = CudaPeaks.of(card.name());
        double teraflops = precision == Precision.BF16 ? peaks.bf16() : options.tf32() ? peaks.tf32() : peaks.f32();
        return teraflops * 1e12;
    }

    @Override
    public Optional<DeviceMemory> ownMemory() {
        streams.enter();
        return Optional.of(CudaMemory.now());
    }

    @Override
    public Decisions decisions() {
        return product.decisions();
    }

    @Override
    public void synchronize() {
        streams.synchronize();
    }

    @Override
    public boolean isSynchronous() {
        return false;
    }

    @Override
    public boolean hasLanes() {
        return options.lanes();
    }

    @Override
    public boolean reusesMemory() {
        return options.arena();
    }

    @Override
    public int alignment() {
        return CudaMemory.ALIGNMENT;
    }

    @Override
    public Tensor promise(Owner owner, DataType type, Shape shape) {
        return new CudaTensor(memory, owner, type, shape);
    }

    @Override
    public boolean allocate(Tensor promised) {
        return CudaTensor.of(promised).allocate();
    }

    @Override
    public void place(Tensor promised, Tensor arena, long offset) {
        CudaTensor.of(promised).place(CudaTensor.of(arena), offset);
    }

    @Override
    public void free(Tensor allocated) {
        CudaTensor.of(allocated).free();
    }

    @Override
    public @Nullable Runnable begin(Tensor first, Lane lane) {
        if (kib_cuda.kib_cuda_is_watched() == 0) {
            return null;
        }
        BytePointer part = CudaTensor.of(first).data();
        long bytes = first.bytes();
        kib_queue queue = library.queue(lane);
        return () -> library.check(kib_cuda.kib_cuda_forget(part, bytes, queue));
    }

    @Override
    public Launcher launcher(Plan plan, List<Runnable> launches) {
        return new CudaLauncher(streams, plan, launches, options);
    }

    @Override
    public void close() {
        streams.release(product::close);
        memory.close();
        streams.close();
    }
}
