package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_variable;
import io.github.kib4j.bindings.internal.kib_variables;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;

/**
 * {@link GramOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelGram(KernelLibrary library) implements GramOps<Work> {

    @Override
    public Work dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator) {
        long batch = x.shape().extent(0);
        int measure = Specs.estimator(estimator);
        kib_variable first = describe(x, kernelX);
        kib_variable second = describe(y, kernelY);
        return library.kernel(library.kernels().gram_workspace(first, second, batch), (scratch, queue) -> {
            DoublePointer out = library.doubles(value);
            first.rows(library.bytes(x));
            second.rows(library.bytes(y));
            return () -> library.kernels().gram_dependence(out, first, second, batch, measure, scratch, queue);
        });
    }

    @Override
    public Work sums(Tensor products, Tensor rows, Tensor diagonals, List<Samples> variables) {
        long n = rows.shape().extent(1);
        kib_variables all = describe(variables);
        return library.kernel(library.kernels().pairs_sums_workspace(all, n), (scratch, queue) -> {
            locate(all, variables);
            DoublePointer ofProducts = library.doubles(products);
            DoublePointer ofRows = library.doubles(rows);
            DoublePointer ofDiagonals = library.doubles(diagonals);
            return () -> library.kernels().pairs_sums(ofProducts, ofRows, ofDiagonals, all, n, scratch, queue);
        });
    }

    @Override
    public Work gradient(Tensor dx, Samples x, List<Samples> others, Tensor scales, Tensor weights) {
        long n = dx.shape().extent(0);
        List<Samples> variables = Stream.concat(Stream.of(x), others.stream()).toList();
        kib_variables all = describe(variables);
        return library.kernel(library.kernels().pairs_gradient_workspace(all, n), (scratch, queue) -> {
            locate(all, variables);
            FloatPointer out = library.floats(dx);
            DoublePointer two = library.doubles(scales);
            DoublePointer w = library.doubles(weights);
            return () -> library.kernels().pairs_gradient(out, all, two, w, n, scratch, queue);
        });
    }

    @Override
    public Work forms(Tensor values, List<Samples> variables, Tensor shifts, Tensor weights, boolean diagonal) {
        long n = weights.shape().extent(0);
        long count = values.shape().extent(0);
        int itself = diagonal ? 1 : 0;
        kib_variables all = describe(variables);
        return library.kernel(library.kernels().pairs_forms_workspace(all, count, n), (scratch, queue) -> {
            locate(all, variables);
            DoublePointer out = library.doubles(values);
            DoublePointer less = library.doubles(shifts);
            FloatPointer w = library.floats(weights);
            return () -> library.kernels().pairs_forms(out, all, less, w, count, itself, n, scratch, queue);
        });
    }

    @Override
    public Work shuffled(Tensor values, Samples x, Samples y, Tensor permutations) {
        long count = permutations.shape().extent(0);
        long n = permutations.shape().extent(1);
        List<Samples> variables = List.of(x, y);
        kib_variables both = describe(variables);
        return library.kernel(library.kernels().pairs_shuffled_workspace(both, count, n), (scratch, queue) -> {
            locate(both, variables);
            DoublePointer out = library.doubles(values);
            IntPointer orders = library.ints(permutations);
            return () -> library.kernels().pairs_shuffled(out, both, orders, count, n, scratch, queue);
        });
    }

    @Override
    public Work matrix(Tensor matrix, Tensor x, Tensor z, Kernel kernel) {
        long n = x.shape().extent(0);
        long m = z.shape().extent(0);
        kib_variable rows = describe(x, kernel);
        return library.kernel(library.kernels().pairs_matrix_workspace(rows, n, m), (scratch, queue) -> {
            rows.rows(library.bytes(x));
            FloatPointer out = library.floats(matrix);
            FloatPointer columns = library.floats(z);
            return () -> library.kernels().pairs_matrix(out, rows, columns, n, m, scratch, queue);
        });
    }

    private kib_variables describe(List<Samples> variables) {
        kib_variables all = new kib_variables().count(variables.size());
        for (int v = 0; v < variables.size(); v++) {
            Samples samples = variables.get(v);
            all.of(v, describe(samples.values(), samples.kernel()));
        }
        return all;
    }

    private void locate(kib_variables all, List<Samples> variables) {
        for (int v = 0; v < variables.size(); v++) {
            all.of(v).rows(library.bytes(variables.get(v).values()));
        }
    }

    private kib_variable describe(Tensor samples, Kernel kernel) {
        library.numbers(samples.type());
        return Specs.variable(samples, kernel);
    }
}
