package io.github.kib4j.cpu;

import io.github.kib4j.bindings.KernelActivity;
import io.github.kib4j.bindings.KernelBatch;
import io.github.kib4j.bindings.KernelBatchNorm;
import io.github.kib4j.bindings.KernelCells;
import io.github.kib4j.bindings.KernelGram;
import io.github.kib4j.bindings.KernelObjective;
import io.github.kib4j.bindings.KernelOptimizer;
import io.github.kib4j.bindings.KernelRandom;
import io.github.kib4j.bindings.KernelReadout;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Backend;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.stream.Stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;

/** The CPU backend. */
record CpuBackend(
        String processor,
        CpuLibrary library,
        ProductOps<Work> product,
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
    static CpuBackend open(String processor, int threads) {
        CpuLibrary library = new CpuLibrary(threads);
        kib.kib_use_threads(threads);
        ProductOps<Work> product = new CpuProduct(new OneDnn(), library);
        return new CpuBackend(
                processor,
                library,
                computesBfloat16() ? product : new Emulation(product, library),
                new KernelBatchNorm(library),
                new KernelActivity(library),
                new KernelCells(library),
                new KernelGram(library),
                new KernelObjective(library),
                new KernelOptimizer(library),
                new KernelReadout(library),
                new KernelBatch(library),
                new KernelRandom(library));
    }

    /**
     * Loads the native libraries; oneDNN first, whose OpenMP library both then use. Where another library brought an OpenMP of that
     * name before (PyTorch does, under DJL), all use that one, and what sets its number of threads on a Java thread sets it for all:
     * so every operation sets its own.
     */
    static void load() {
        Loader.load(dnnl.class);
        Loader.load(kib.class);
        if (kib.kib_cpu_level() < 3) {
            throw new IllegalStateException("the processor has not all instructions of x86-64-v3");
        }
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return "cpu: " + processor + ", oneDNN " + dnnl.DNNL_VERSION_MAJOR + "." + dnnl.DNNL_VERSION_MINOR
                + "." + dnnl.DNNL_VERSION_PATCH + " for " + instructionSet() + ", own kernels for x86-64-v"
                + kib.kib_cpu_level() + ", " + library.threads() + (library.threads() == 1 ? " thread" : " threads");
    }

    /** Returns the name of the instruction set that oneDNN chose. */
    static String instructionSet() {
        String name = dnnl.get_effective_cpu_isa().toString();
        return name.replace("dnnl_cpu_isa_", "");
    }

    /** Returns whether bfloat16 products are oneDNN's: elsewhere it has none, or slower ones that keep subnormal operands. */
    private static boolean computesBfloat16() {
        return hasBfloat16Products() || instructionSet().startsWith("avx2_vnni_2");
    }

    private static boolean hasBfloat16Products() {
        String set = instructionSet();
        return Stream.of("amx", "avx512_core_bf16", "avx512_core_fp16", "avx10").anyMatch(set::contains);
    }

    /** bfloat16 products are faster than single ones only with instructions for them. */
    @Override
    public boolean accelerates(Precision precision) {
        return precision == Precision.F32 || hasBfloat16Products();
    }

    @Override
    public Tensor promise(Owner owner, DataType type, Shape shape) {
        return new CpuTensor(owner, type, shape);
    }

    @Override
    public boolean allocate(Tensor promised) {
        return CpuTensor.of(promised).allocate();
    }

    @Override
    public void place(Tensor promised, Tensor memory, long offset) {
        CpuTensor.of(promised).place(CpuTensor.of(memory), offset);
    }

    @Override
    public void free(Tensor allocated) {
        CpuTensor.of(allocated).free();
    }
}
