package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import io.github.kib4j.cuda.ConvolutionTask.Direction;
import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.DataType;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * Computes a gradient of filters from bfloat16 images in all ways that cuDNN has, in a process of its own, whose environment says
 * which cuDNN it is; prints each plan, and whether it errs by more than sums in single precision do.
 */
final class MixedGradientProbe {
    private MixedGradientProbe() {}

    public static void main(String[] arguments) {
        Emulator.load();
        Emulator.reset(EmulatedDevice.SEED);
        CUstream_st stream = new CUstream_st();
        cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking);
        ConvolutionTask task = new ConvolutionTask(
                Direction.WEIGHT_GRADIENT, 2, 3, 8, 8, 8, 3, DataType.BF16, DataType.F32, DataType.F32, false);
        ConvolutionLoops loops = new ConvolutionLoops(task, 77);
        ConvolutionPlanTest.onLibraries(
                SinglePrecision.F32,
                all -> all.of(task).stream()
                        .filter(plan ->
                                plan.family() == ConvolutionFamily.CUDNN || plan.family() == ConvolutionFamily.PADDED)
                        .forEach(plan -> print(loops, plan, new Queue(Lane.MAIN, stream))));
        cudaStreamDestroy(stream);
        Emulator.takeFindings().forEach(System.out::println);
    }

    private static void print(ConvolutionLoops loops, ConvolutionPlan plan, Queue queue) {
        try (ConvolutionLoops.Operands operands = loops.operands(plan.scratchBytes())) {
            plan.bind(operands.memory(), queue).run();
            cudaStreamSynchronize(queue.stream());
            double[] numbers = operands.w().numbers(DataType.F32);
            double error = 0;
            for (int i = 0; i < numbers.length; i++) {
                error = Math.max(error, Math.abs(numbers[i] - loops.result[i]));
            }
            boolean close = error <= loops.tolerance(DataType.F32);
            boolean right = error <= loops.tolerance(DataType.BF16);
            System.out.println(plan.name() + ": " + (close ? "exact" : right ? "rounded" : "wrong"));
        }
    }
}
