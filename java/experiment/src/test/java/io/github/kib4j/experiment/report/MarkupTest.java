package io.github.kib4j.experiment.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text stays text, and numbers have as many digits as they need. */
final class MarkupTest {
    @Test
    void valuesAreTextUnlessTheyAreMarkup() {
        assertThat(Markup.of("<a title=\"{}\">{}</a>{}", "\"'", "<b>{}", List.of(new Markup("<i>"), 3, "&"))
                        .html())
                .isEqualTo("<a title=\"&quot;&#39;\">&lt;b&gt;{}</a><i>3&amp;");
        assertThat(Markup.text("a\u0000b\u001b[0m\ud800\n\t\u20ac")).isEqualTo("a b [0m \n \u20ac");
        assertThat(Markup.json("{\"a\":\"</script><!--\"}").html())
                .doesNotContain("<")
                .contains("\\u003c/script>");
    }

    @Test
    void aTableHasACaptionAndHeads() {
        Table table = new Table("a label", "kind", "a caption").text("run").number("x");
        table.row(List.of("a", 1));
        table.row(List.of("b", new Table.Shaded("2", "right", 0.5)));
        assertThat(table.html().html())
                .contains("aria-label=\"a label\"", "<caption>a caption</caption>")
                .contains("<th scope=\"col\">run</th><th scope=\"col\" class=\"number\">x</th>")
                .contains("<tr><th scope=\"row\">a</th><td class=\"number\">1</td></tr>")
                .contains("<td class=\"number right\" style=\"--part:0.500\">2</td>");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 0.00, 1.00",
        "-0.111, 0.9999999, −0.11, 1.00",
        "0.99991, 0.99998, 0.999910, 0.999980",
        "5, 4321, 5, 4321",
        "1, 1.0000000000000002, 1.00e+00, 1.00e+00"
    })
    void endsOfAScaleAreToldApart(double low, double high, String first, String second) {
        double[] range = {low, high};
        assertThat(Figures.end(low, range)).isEqualTo(first);
        assertThat(Figures.end(high, range)).isEqualTo(second);
    }

    @Test
    void whatIsNoNumberIsADash() {
        assertThat(Figures.percent(Double.NaN)).isEqualTo("–");
        assertThat(Figures.signed(-1.234)).isEqualTo("−1.23");
        assertThat(Figures.signed(1.234)).isEqualTo("+1.23");
        assertThat(Figures.duration(Double.NaN)).isEqualTo("–");
        assertThat(Figures.duration(3725)).isEqualTo("1:02:05");
        assertThat(Figures.duration(65.4)).isEqualTo("1:05");
        assertThat(Figures.probability(0.99999)).isEqualTo("99.9 %");
        assertThat(Figures.probability(1e-9)).isEqualTo("< 0.1 %");
    }
}
