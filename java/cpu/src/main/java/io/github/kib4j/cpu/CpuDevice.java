package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.AugmentationOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.ConvolutionOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.LinearOps;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.RandomOps;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.tensor.Scope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;

/** The CPU device. */
final class CpuDevice implements Device {
    private final CpuContext context;
    private final Door door;
    private final AtomicLong tensorBytes = new AtomicLong();

    CpuDevice(int threads) {
        context = new CpuContext(threads);
        door = new Door(context.guard());
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
        return "cpu: " + processor() + ", oneDNN " + dnnl.DNNL_VERSION_MAJOR + "." + dnnl.DNNL_VERSION_MINOR + "."
                + dnnl.DNNL_VERSION_PATCH + " for " + instructionSet() + ", own kernels for x86-64-v"
                + kib.kib_cpu_level() + ", " + context.threads() + (context.threads() == 1 ? " thread" : " threads");
    }

    /** Returns the name of the instruction set that oneDNN chose. */
    static String instructionSet() {
        String name = dnnl.get_effective_cpu_isa().toString();
        return name.replace("dnnl_cpu_isa_", "");
    }

    /** Returns whether bfloat16 products are oneDNN's: elsewhere it has none, or slower ones that keep subnormal operands. */
    static boolean computesBfloat16() {
        return hasBfloat16Products() || instructionSet().startsWith("avx2_vnni_2");
    }

    private static boolean hasBfloat16Products() {
        String set = instructionSet();
        return Stream.of("amx", "avx512_core_bf16", "avx512_core_fp16", "avx10").anyMatch(set::contains);
    }

    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo"), StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("x86-64");
        } catch (IOException e) {
            return "x86-64";
        }
    }

    /** bfloat16 products are faster than single ones only with instructions for them. */
    @Override
    public boolean accelerates(Precision precision) {
        return precision == Precision.F32 || hasBfloat16Products();
    }

    @Override
    public Scope newScope() {
        context.guard().checkOpen();
        return new CpuScope(tensorBytes, context.guard());
    }

    @Override
    public long liveBytes() {
        return tensorBytes.get() + context.workspaceBytes();
    }

    @Override
    public void synchronize() {
        context.guard().checkOpen();
    }

    @Override
    public boolean isSynchronous() {
        return true;
    }

    @Override
    public LinearOps linear() {
        LinearOps single = new CpuLinear(context);
        return door.of(
                LinearOps.class,
                computesBfloat16() ? single : context.emulation().linear(single));
    }

    @Override
    public ConvolutionOps convolution() {
        ConvolutionOps single = new CpuConvolution(context);
        return door.of(
                ConvolutionOps.class,
                computesBfloat16() ? single : context.emulation().convolution(single));
    }

    @Override
    public BatchNormOps batchNorm() {
        return door.of(BatchNormOps.class, new CpuBatchNorm(context));
    }

    @Override
    public ActivityOps activity() {
        return door.of(ActivityOps.class, new CpuActivity(context));
    }

    @Override
    public GramOps gram() {
        return door.of(GramOps.class, new CpuGram(context));
    }

    @Override
    public ObjectiveOps objective() {
        return door.of(ObjectiveOps.class, new CpuObjective(context));
    }

    @Override
    public OptimizerOps optimizer() {
        return door.of(OptimizerOps.class, new CpuOptimizer(context));
    }

    @Override
    public ReadoutOps readout() {
        return door.of(ReadoutOps.class, new CpuReadout(context));
    }

    @Override
    public AugmentationOps augmentation() {
        return door.of(AugmentationOps.class, new CpuAugmentation(context));
    }

    @Override
    public RandomOps random() {
        return door.of(RandomOps.class, new CpuRandom(context));
    }

    @Override
    public void close() {
        if (tensorBytes.get() != 0) {
            throw new IllegalStateException("The device is closed while " + tensorBytes.get()
                    + " bytes of tensors live; close their scopes first.");
        }
        context.close();
    }
}
