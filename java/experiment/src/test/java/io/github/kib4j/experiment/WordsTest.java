package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Counts, lists and guesses. */
final class WordsTest {
    private static final List<String> NAMES = List.of("mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100");

    @Test
    void oneIsSingular() {
        assertThat(Words.count(1, "image")).isEqualTo("1 image");
        assertThat(Words.count(60_000, "image")).isEqualTo("60,000 images");
        assertThat(Words.count(1, "class")).isEqualTo("1 class");
        assertThat(Words.count(0, "class")).isEqualTo("0 classes");
        assertThat(Words.count(2, "activity")).isEqualTo("2 activities");
    }

    @Test
    void listsAreRead() {
        assertThat(Words.or(List.of())).isEmpty();
        assertThat(Words.or(List.of("a"))).isEqualTo("a");
        assertThat(Words.or(List.of("a", "b", "c"))).isEqualTo("a, b or c");
    }

    @Test
    void lettersAddedDroppedChangedAndExchangedCountOnce() {
        assertThat(Words.distance("train", "trainn")).isEqualTo(1);
        assertThat(Words.distance("train", "tain")).isEqualTo(1);
        assertThat(Words.distance("train", "brain")).isEqualTo(1);
        assertThat(Words.distance("train", "trian")).isEqualTo(1);
        assertThat(Words.distance("", "train")).isEqualTo(5);
        assertThat(Words.distance("kitten", "sitting")).isEqualTo(3);
    }

    @Test
    void whatIsNearIsNamedNearestFirst() {
        assertThat(Words.near("mnits", NAMES)).containsExactly("mnist", "kmnist");
        assertThat(Words.near("CIFAR", NAMES)).containsExactly("cifar10", "cifar100");
        assertThat(Words.near("imagenet", NAMES)).isEmpty();
        assertThat(Words.near("x".repeat(1 << 20), NAMES)).isEmpty();
        assertThat(Words.same("FashionMNIST", NAMES)).contains("fashion-mnist");
        assertThat(Words.same("cifar-10", NAMES)).contains("cifar10");
        assertThat(Words.same("mnist2", NAMES)).isEmpty();
    }
}
