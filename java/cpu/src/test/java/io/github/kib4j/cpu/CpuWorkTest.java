package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_activity_spec;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What native functions refuse, Java says. */
final class CpuWorkTest {
    private static kib_queue queue;

    @BeforeAll
    static void load() {
        CpuBackend.load();
        queue = Specs.queue(1);
    }

    @Test
    void aTypeThatKernelsDoNotKnowIsNamed() {
        try (FloatPointer sum = new FloatPointer(2);
                BytePointer values = new BytePointer(4)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CpuWork.kernel(
                                    0, scratch -> () -> kib.kib_sum_rows(sum, values, 9, 1, 2, scratch, queue))
                            .bind(new Work.Place(null, Lane.MAIN))
                            .run())
                    .withMessage(
                            "The cpu device's kernels do not compute with numbers of type 9; F32 (0) and BF16 (1) they do.");
        }
    }

    @Test
    void aSettingThatThereIsNotIsNamed() {
        kib_activity_spec spec = new kib_activity_spec();
        spec.type(Specs.type(DataType.F32)).activation(7).batch(1).channels(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CpuWork.check(kib.kib_activity_hebbian_gradient(
                        null, null, null, (BytePointer) null, null, null, null, spec, null, queue)))
                .withMessage("The cpu device's kernels have no activation 7; there are 4, from 0.");
    }

    @Test
    void whatIsNotTheCallersFaultIsAFailure() {
        assertThatIllegalStateException().isThrownBy(() -> CpuWork.check(kib.KIB_DEVICE_FAILED));
    }
}
