package io.github.kib4j.cuda;

import io.github.kib4j.cuda.ConvolutionKernels.Images;
import io.github.kib4j.cuda.ConvolutionTask.Direction;
import io.github.kib4j.cuda.CublasLt.Matrix;
import io.github.kib4j.cuda.CublasLt.Product;
import io.github.kib4j.cuda.Recipe.Part;
import io.github.kib4j.tensor.DataType;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A task by products of matrices. */
final class MatrixPlans {
    private final CublasLt cublas;
    private final ConvolutionKernels kernels;
    private final ConvolutionTask task;
    private final DataType type;

    MatrixPlans(ConvolutionLibraries libraries, ConvolutionTask task) {
        cublas = libraries.cublas();
        kernels = libraries.kernels();
        this.task = task;
        type = task.type();
    }

    /** What a recipe is made of, once the algorithm of its product is known. */
    private interface Body {
        void fill(Recipe recipe, CublasLt.Algorithm algorithm);
    }

    private Stream<ConvolutionPlan> plans(ConvolutionFamily family, String name, Product product, Body body) {
        List<CublasLt.Algorithm> algorithms = cublas.algorithms(product, ConvolutionLibraries.ALGORITHMS);
        return IntStream.range(0, algorithms.size()).mapToObj(i -> {
            Recipe recipe = new Recipe(kernels);
            body.fill(recipe, algorithms.get(i));
            return recipe.plan(family, name + "algorithm " + i);
        });
    }

    /**
     * Adds a product to a recipe.
     *
     * @param workspace that its algorithm needs; null to take one
     */
    private static void multiply(
            Recipe recipe,
            CublasLt.Algorithm algorithm,
            Part d,
            Part a,
            Part b,
            @Nullable Part bias,
            @Nullable Part workspace) {
        Part scratch = workspace == null ? workspace(recipe, algorithm) : workspace;
        recipe.then((memory, queue) -> algorithm.bind(
                d.in(memory),
                a.in(memory),
                b.in(memory),
                bias == null ? null : bias.in(memory),
                algorithm.scratchBytes() == 0 ? null : scratch.in(memory),
                queue));
    }

    private static Part workspace(Recipe recipe, CublasLt.Algorithm algorithm) {
        return recipe.scratch(algorithm.scratchBytes());
    }

    /** Returns plans of a task whose window is one position: positions are the rows of a matrix. */
    Stream<ConvolutionPlan> plain() {
        return switch (task.direction()) {
            case FORWARD -> forward(ConvolutionFamily.MATRIX, task.channels());
            case WEIGHT_GRADIENT -> weightGradient(ConvolutionFamily.MATRIX, task.channels());
            case DATA_GRADIENT -> {
                Product product = new Product(
                        task.rows(),
                        task.channels(),
                        task.filters(),
                        Matrix.of(type, task.filters()),
                        Matrix.of(type, task.channels()),
                        Matrix.of(type, task.channels()),
                        1,
                        false);
                yield plans(
                        ConvolutionFamily.MATRIX,
                        "",
                        product,
                        (recipe, algorithm) ->
                                multiply(recipe, algorithm, Recipe.X, Recipe.Y, recipe.weights(task), null, null));
            }
        };
    }

    /** Returns plans that copy each position's window into a row first, which then is one of a matrix. */
    Stream<ConvolutionPlan> windows() {
        int row = ConvolutionLibraries.filledUp(task.window());
        return task.direction() == Direction.FORWARD
                ? forward(ConvolutionFamily.WINDOWS, row)
                : weightGradient(ConvolutionFamily.WINDOWS, row);
    }

    private Part rows(Recipe recipe, int row) {
        return task.isMatrix() ? Recipe.X : recipe.windows(Recipe.X, type, task.inputs(), task.kernel(), row);
    }

    /** Returns the weights of a filter as one image of one position. */
    private Images flatFilters(long row) {
        return new Images(task.filters(), 1, 1, row);
    }

    /** {@code y = x w'}, its bias added by the product where cuBLASLt has that for these types, else behind it. */
    private Stream<ConvolutionPlan> forward(ConvolutionFamily family, int row) {
        Product product = new Product(
                task.rows(),
                task.filters(),
                row,
                Matrix.of(type, row),
                Matrix.of(type, row).transpose(),
                Matrix.of(task.result(), task.filters()),
                1,
                task.bias());
        boolean fused = task.bias() && !cublas.algorithms(product, 1).isEmpty();
        return plans(family, "", fused ? product : product.withoutBias(), (recipe, algorithm) -> {
            Part x = rows(recipe, row);
            Part w = recipe.weights(task);
            if (row != task.window()) {
                w = recipe.fit(w, type, flatFilters(task.window()), flatFilters(row), 0);
            }
            multiply(recipe, algorithm, Recipe.Y, x, w, fused ? Recipe.BIAS : null, null);
            if (task.bias() && !fused) {
                recipe.addBias(task);
            }
        });
    }

    /** {@code dw = dy' x}, sums in single precision where they belong. */
    private Stream<ConvolutionPlan> weightGradient(ConvolutionFamily family, int row) {
        Product product = new Product(
                task.filters(),
                row,
                task.rows(),
                Matrix.of(type, task.filters()).transpose(),
                Matrix.of(type, row),
                Matrix.of(DataType.F32, row),
                1,
                false);
        return plans(family, "", product, (recipe, algorithm) -> {
            Part x = rows(recipe, row);
            boolean fits = row == task.window();
            Part dw = fits ? Recipe.W : recipe.scratch(task.filters() * (long) row, DataType.F32);
            multiply(recipe, algorithm, dw, Recipe.Y, x, null, null);
            if (!fits) {
                recipe.fit(Recipe.W, dw, DataType.F32, flatFilters(row), flatFilters(task.window()), 0);
            }
        });
    }

    /**
     * Returns plans that compute the gradient of the weights at each position of the window by a product of matrices. Both images
     * are copied, with {@code p = (k-1)/2} columns of zeros to the right and as many rows below each; there are {@code W' = W + p}
     * columns and {@code P = B (H + p) W'} positions. A row's border is the next one's left border, and an image's the next one's
     * upper one; before the first image of {@code x} there is one of {@code p W' + p} positions. So at each position of {@code dy},
     * border or not, with {@code x(q)} that border included,
     *
     * <pre>dw[n,i,j,:] = sum over q &lt; P - p W' - p of dy[q, n] x[q + i W' + j, :]</pre>
     *
     * is the convolution's gradient: what {@code x} has at another image's place meets a zero of {@code dy}. The inputs of another
     * {@code i, j} are the same memory, moved. Bytes beside the products' own, of numbers of {@code s} bytes: reads
     * {@code B H W (C + N) s}, writes {@code ((P + p W' + p) C + P N) s}.
     */
    Stream<ConvolutionPlan> shifted() {
        return Stream.of(true, false).flatMap(this::shifted);
    }

    /**
     * Returns such plans, by one product for each position of the window, or for each row of it as a batch, whose matrices
     * overlap.
     */
    private Stream<ConvolutionPlan> shifted(boolean byRows) {
        int p = task.padding();
        int k = task.kernel();
        int c = task.channels();
        int n = task.filters();
        long width = task.width() + p;
        long lead = p * width + p;
        Images x = new Images(task.batch(), task.height() + p, width, c);
        Images dy = x.withChannels(n);
        long positions = x.count() * x.height() * width;
        Product product = new Product(
                n,
                c,
                positions - lead,
                Matrix.of(type, n).transpose().batch(0, ConvolutionPlan.ALIGNMENT),
                Matrix.of(type, c).batch(c, c),
                Matrix.of(DataType.F32, task.window()).batch(c, c),
                byRows ? k : 1,
                false);
        String name = byRows ? "by rows, " : "";
        return plans(ConvolutionFamily.SHIFTED, name, product, (recipe, algorithm) -> {
            Part xAt = recipe.fit(Recipe.X, type, task.inputs(), x, lead);
            Part dyAt = recipe.fit(Recipe.Y, type, task.outputs(), dy, 0);
            Part workspace = workspace(recipe, algorithm);
            for (int i = 0; i < k; i++) {
                for (int j = 0; j < (byRows ? 1 : k); j++) {
                    Part moved = xAt.plus((i * width + j) * c * type.bytes());
                    Part dw = Recipe.W.plus((i * (long) k + j) * c * Float.BYTES);
                    multiply(recipe, algorithm, dw, dyAt, moved, null, workspace);
                }
            }
        });
    }
}
