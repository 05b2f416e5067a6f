package io.github.kib4j.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.bindings.internal.kib_objective_spec;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.tensor.DataType;
import org.junit.jupiter.api.Test;

/** Numbers that kernels know by their macros; what structs hold is what operations' tests of every backend compare. */
final class SpecsTest {
    @Test
    void structsKeepWhatIsWritten() {
        kib_queue queue = Specs.queue(3);
        assertThat(queue.threads()).isEqualTo(3);
        assertThat(queue.stream()).isNull();
        kib_objective_spec spec =
                new kib_objective_spec().batch(1L << 40).gamma(0.1).centred(1);
        spec.widths().sigma(7, 9).count(8);
        assertThat(spec.batch()).isEqualTo(1L << 40);
        assertThat(spec.gamma()).isEqualTo(0.1);
        assertThat(spec.widths().count()).isEqualTo(8);
        assertThat(spec.widths().sigma(7)).isEqualTo(9);
        assertThat(spec.centred()).isEqualTo(1);
        assertThat(spec.width()).isZero();
    }

    @Test
    void numbersAreThoseOfTheHeaders() {
        assertThat(Specs.type(DataType.F32)).isEqualTo(settings.KIB_F32);
        assertThat(Specs.type(DataType.BF16)).isEqualTo(settings.KIB_BF16);
        assertThat(Specs.estimator(Estimator.PHSIC)).isEqualTo(settings.KIB_PHSIC);
        assertThat(Specs.estimator(Estimator.HSIC)).isEqualTo(settings.KIB_HSIC);
    }
}
