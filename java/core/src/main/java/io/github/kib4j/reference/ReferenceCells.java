package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;

import io.github.kib4j.op.CellOps;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;

/** {@link CellOps} in loops. */
record ReferenceCells() implements CellOps<Work> {
    @Override
    public Work codes(Tensor u, Tensor mean, Tensor scale, Tensor z, Cells cells) {
        return Work.of(() -> {
            double[] in = doubles(z);
            forEntries(z.shape(), cells, (entry, numbers) -> {
                double sum = 0;
                for (int k : numbers) {
                    sum += in[k];
                }
                double zbar = sum / numbers.length; // of equal numbers that number, unlike a sum of quotients
                double squares = 0;
                for (int k : numbers) {
                    squares += (in[k] - zbar) * (in[k] - zbar);
                }
                double s = (cells.delta() + squares) / numbers.length;
                doubles(mean)[entry] = zbar;
                doubles(scale)[entry] = s;
                doubles(u)[entry] = Math.pow(s, cells.power());
            });
        });
    }

    @Override
    public Work gradient(Tensor dz, Tensor z, Tensor mean, Tensor scale, Tensor du, Cells cells) {
        return Work.of(() -> {
            double[] in = doubles(z);
            double[] out = doubles(dz);
            Arrays.fill(out, 0);
            forEntries(z.shape(), cells, (entry, numbers) -> {
                double s = doubles(scale)[entry];
                double factor = s == 0
                        ? 0
                        : doubles(du)[entry] * 2 * cells.power() / numbers.length * Math.pow(s, cells.power() - 1);
                for (int k : numbers) {
                    out[k] += factor * (in[k] - doubles(mean)[entry]);
                }
            });
        });
    }

    /** An entry of a code. */
    private interface Visitor {
        /**
         * Visits.
         *
         * @param entry its index among those of all samples
         * @param numbers indices of its group's activities in its cell
         */
        void visit(int entry, int[] numbers);
    }

    private static void forEntries(Shape z, Cells cells, Visitor visitor) {
        boolean image = z.rank() == 4;
        int height = image ? z.extent(2) : 1;
        int width = image ? z.extent(3) : 1;
        int entry = 0;
        for (int b = 0; b < z.extent(0); b++) {
            for (int c : cells.scales()) {
                for (int cell = 0; cell < c * c; cell++) {
                    int top = cell / c * height / c;
                    int bottom = (cell / c + 1) * height / c;
                    int left = cell % c * width / c;
                    int right = (cell % c + 1) * width / c;
                    for (int g = 0; g < cells.groups(); g++) {
                        int channels = z.extent(1) / cells.groups();
                        int first = (b * z.extent(1) + g * channels) * height * width;
                        int[] numbers = new int[channels * (bottom - top) * (right - left)];
                        int n = 0;
                        for (int k = 0; k < channels; k++) {
                            for (int h = top; h < bottom; h++) {
                                for (int w = left; w < right; w++) {
                                    numbers[n++] = first + (k * height + h) * width + w;
                                }
                            }
                        }
                        visitor.visit(entry++, numbers);
                    }
                }
            }
        }
    }
}
