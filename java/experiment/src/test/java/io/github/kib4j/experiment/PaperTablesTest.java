package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The paper's tables as plans of runs. */
final class PaperTablesTest {
    private final PaperTables tables = new PaperTables();

    private static List<String> all() {
        return List.of();
    }

    @Test
    void allOfThePapersRunsAreInThem() {
        List<Candidate> runs = new ArrayList<>(tables.mlp(all(), all(), new Settings(), 1));
        assertThat(runs).hasSize(40);
        assertThat(runs.get(0).labels().toString()).isEqualTo("{data set=mnist, column=gaussian}");
        runs.addAll(tables.vgg(all(), all(), all(), new Settings(), 1));
        assertThat(runs).hasSize(80).allSatisfy(run -> assertThat(run.paper()).isBetween(30.0, 100.0));
        assertThat(runs.get(79).labels().toString()).isEqualTo("{width=2, optimizer=sgd, column=sign-symmetry-div}");
        assertThat(new HashSet<>(
                        runs.stream().map(run -> run.trials().get(0).name()).toList()))
                .hasSize(80);
    }

    @Test
    void chosenLinesColumnsAndSeeds() {
        List<Candidate> runs = tables.mlp(
                List.of("FashionMNIST"),
                List.of("backprop", "cosine-grp"),
                new Settings().set(Key.EPOCHS, "10").set(Key.SEED, "5"),
                3);
        assertThat(runs).extracting(run -> run.labels().get("column")).containsExactly("cosine-grp", "backprop");
        List<Trial> trials = runs.get(0).trials();
        assertThat(trials)
                .extracting(Trial::title)
                .containsExactly(
                        "mlp-fashion-mnist-cosine-grp, seed 5",
                        "mlp-fashion-mnist-cosine-grp, seed 6",
                        "mlp-fashion-mnist-cosine-grp, seed 7");
        assertThat(trials.get(2).settings().text(Key.MILESTONES)).isEqualTo("5,8,9");
        assertThat(runs.get(0).notes()).anyMatch(note -> note.startsWith("Milestones of the preset scaled"));
        assertThat(tables.vgg(all(), List.of("adamw"), all(), new Settings().set(Key.WIDTH, "0.25"), 1))
                .as("one width for all")
                .hasSize(10)
                .allSatisfy(run -> assertThat(run.labels()).containsEntry("width", "1"));
    }

    private void refused(String sentence, List<String> datasets, List<String> columns, Settings given) {
        assertThatThrownBy(() -> tables.mlp(datasets, columns, given, 1))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void whatIsNotInThemIsRefused() {
        Settings none = new Settings();
        refused("There is no data set 'cifar100'", List.of("cifar100"), all(), none);
        refused("There is no column 'cosin'; did you mean cosine", all(), List.of("cosin"), none);
        refused("named twice", List.of("mnist", "MNIST"), all(), none);
        refused("--rule would make", all(), all(), new Settings().set(Key.RULE, "hsic"));
        refused("mlp-mnist-gaussian: --width 0.3", all(), all(), new Settings().set(Key.WIDTH, "0.3"));
        refused("There is no kernel 'round'", all(), all(), new Settings().set(Key.KERNEL, "round"));
        refused("There is no device 'abacus'", all(), all(), new Settings().set(Key.DEVICE, "abacus"));
        assertThatThrownBy(() -> tables.vgg(List.of("1", "2"), all(), all(), none.with(Key.WIDTH, "0.25"), 1))
                .hasMessageContaining("leave out either");
        assertThatThrownBy(() -> tables.vgg(all(), all(), all(), none.with(Key.OPTIMIZER, "sgd"), 1))
                .hasMessageContaining("--optimizers");
        assertThatThrownBy(() -> tables.vgg(all(), List.of("sgd"), List.of("sign-symmetry"), none, 1))
                .hasMessageContaining("no run of all that is chosen");
    }
}
