package io.github.kib4j.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.LinearOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/** {@link LinearOps} by oneDNN's matrix product; transposition is a matter of strides. */
record CpuLinear(CpuContext context) implements LinearOps {

    @Override
    public Operation forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias) {
        Contracts.linear("linear.forward", y, x, w, bias);
        long batch = x.shape().extent(0);
        long d = x.shape().rowSize();
        long n = w.shape().extent(0);
        int threads = context.startPlanning(batch * d * n);
        memory.desc source = OneDnn.strided(x.type(), new long[] {batch, d}, d, 1);
        memory.desc target = OneDnn.strided(y.type(), new long[] {batch, n}, n, 1);
        memory.desc stored = OneDnn.strided(w.type(), new long[] {d, n}, 1, d);
        return context.sequence(threads, product(x, source, w, stored, y, target, bias));
    }

    @Override
    public Operation weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x) {
        Contracts.linear("linear.weightGradient", dy, x, dw, dbias);
        long batch = x.shape().extent(0);
        long d = x.shape().rowSize();
        long n = dw.shape().extent(0);
        int threads = context.startPlanning(batch * d * n);
        memory.desc upstream = OneDnn.strided(dy.type(), new long[] {n, batch}, 1, n);
        memory.desc source = OneDnn.strided(x.type(), new long[] {batch, d}, d, 1);
        memory.desc target = OneDnn.strided(dw.type(), new long[] {n, d}, d, 1);
        List<Operation> operations = product(dy, upstream, x, source, dw, target, null);
        if (dbias != null) {
            operations.add(sumRows(dbias, dy));
        }
        return context.sequence(threads, operations);
    }

    /** {@code dbias[n] = sum} over all but the channel. */
    Operation sumRows(Tensor dbias, Tensor dy) {
        long n = dbias.shape().size();
        long rows = dy.shape().size() / n;
        FloatPointer out = CpuTensor.floats(dbias);
        BytePointer in = CpuTensor.bytes(dy);
        int type = CpuTensor.typeOf(dy);
        context.scratch().reserve(kib.kib_sum_rows_workspace(rows, n));
        return context.part(
                "sum of rows",
                () -> kib.kib_sum_rows(out, in, type, rows, n, context.scratch().start(), context.threads()));
    }

    @Override
    public Operation dataGradient(Tensor dx, Tensor dy, Tensor w) {
        Contracts.linear("linear.dataGradient", dy, dx, w, null);
        long batch = dx.shape().extent(0);
        long d = dx.shape().rowSize();
        long n = w.shape().extent(0);
        int threads = context.startPlanning(batch * d * n);
        memory.desc upstream = OneDnn.strided(dy.type(), new long[] {batch, n}, n, 1);
        memory.desc target = OneDnn.strided(dx.type(), new long[] {batch, d}, d, 1);
        memory.desc stored = OneDnn.strided(w.type(), new long[] {n, d}, d, 1);
        return context.sequence(threads, product(dy, upstream, w, stored, dx, target, null));
    }

    /** Plans {@code c = a b + bias}; where {@code a} is bfloat16 and {@code b} single, {@code b} is converted first. */
    private List<Operation> product(
            Tensor a,
            memory.desc aDesc,
            Tensor b,
            memory.desc bDesc,
            Tensor c,
            memory.desc cDesc,
            @Nullable Tensor bias) {
        OneDnn oneDnn = context.oneDnn();
        boolean converts = a.type() != b.type();
        memory.desc bUsed = converts
                ? OneDnn.any(a.type(), bDesc.get_dims().get(0), bDesc.get_dims().get(1))
                : bDesc;
        matmul.primitive_desc description = bias == null
                ? new matmul.primitive_desc(oneDnn.engine(), aDesc, bUsed, cDesc, oneDnn.attributes(), false)
                : new matmul.primitive_desc(
                        oneDnn.engine(), aDesc, bUsed, biasDesc(bias), cDesc, oneDnn.attributes(), false);
        List<Operation> operations = new ArrayList<>();
        memory bMemory = oneDnn.on(bDesc, b);
        if (converts) {
            memory converted = oneDnn.on(description.weights_desc(), context.weights());
            operations.add(oneDnn.reorder(bMemory, bDesc, converted, description.weights_desc()));
            bMemory = converted;
        }
        Map<Integer, memory> arguments = OneDnn.arguments(
                DNNL_ARG_SRC, oneDnn.on(aDesc, a), DNNL_ARG_WEIGHTS, bMemory, DNNL_ARG_DST, oneDnn.on(cDesc, c));
        if (bias != null) {
            arguments.put(DNNL_ARG_BIAS, oneDnn.on(biasDesc(bias), bias));
        }
        operations.add(oneDnn.plan(description, new matmul(description), arguments));
        return operations;
    }

    private static memory.desc biasDesc(Tensor bias) {
        long n = bias.shape().size();
        return OneDnn.strided(DataType.F32, new long[] {1, n}, n, 1);
    }
}
