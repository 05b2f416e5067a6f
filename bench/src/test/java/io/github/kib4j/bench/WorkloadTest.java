package io.github.kib4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Precision;
import org.junit.jupiter.api.Test;

final class WorkloadTest {
    /** The VGG's figures: 3.797 GFLOP an image by the local rule, 5.689 by backprop, 1.498 times as many. */
    @Test
    void operationsAreCounted() {
        double local = new Workload("vgg", "cosine-grp-div", Precision.F32).operations() * 1e-9;
        double backprop = new Workload("vgg", "backprop", Precision.F32).operations() * 1e-9;
        assertThat(local).isCloseTo(3.797, within(0.002));
        assertThat(backprop).isCloseTo(5.689, within(0.002));
        assertThat(backprop / local).isCloseTo(1.498, within(0.001));
    }
}
