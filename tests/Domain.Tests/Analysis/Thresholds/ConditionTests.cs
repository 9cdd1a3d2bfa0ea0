using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Tests.Analysis.Thresholds;

public sealed class ConditionTests
{
    [Theory]
    [InlineData("result < 0.05", 0.04, true)]
    [InlineData("result < 0.05", 0.05, false)]
    [InlineData("result <= 5e-2", 0.05, true)]
    [InlineData("result[0] >= 0.95", 0.96, true)]
    [InlineData("0.5 > result", 0.4, true)]
    [InlineData("result == 3", 3, true)]
    [InlineData("result != 3", 3, false)]
    [InlineData("not result > 1 and result > 0", 0.5, true)]
    [InlineData("!(result > 1) && !(result < 0)", 0.5, true)]
    [InlineData("result < 1 or result > 2 and result < 3", 0.5, true)]
    [InlineData("(result < 1 or result > 2) and result < 3", 5, false)]
    [InlineData("result < 1 || result > 2", 1.5, false)]
    [InlineData("len(result) == 1", 7, true)]
    [InlineData("isInf(result)", double.PositiveInfinity, true)]
    [InlineData("result > 1", double.PositiveInfinity, true)]
    [InlineData("isNaN(result) or result < 1", double.NaN, true)]
    [InlineData("default(result, 0) < 1", double.NaN, true)]
    [InlineData("result > -1 and true", 0, true)]
    public void A_condition_on_one_number(string text, double value, bool holds) => Assert.Equal((holds, null), Evaluate(text, value));

    [Theory]
    [InlineData("all(result, # < 1)", true)]
    [InlineData("any(result, {# > 0.8})", true)]
    [InlineData("all(result, # > 0.2)", false)]
    [InlineData("any(result, # > 1 or # < 0.15)", true)]
    [InlineData("result[2] == 0.9 and len(result) == 3", true)]
    public void A_condition_on_several_series(string text, bool holds) => Assert.Equal((holds, null), Evaluate(text, 0.1, 0.5, 0.9));

    [Theory]
    [InlineData("len(result) == 0 or result[0] < 1", true)]
    [InlineData("isNil(result)", true)]
    [InlineData("default(result, 5) > 4", true)]
    [InlineData("default(result[0], 0) > 4", false)]
    [InlineData("len(result) > 0", false)]
    public void A_condition_that_asks_about_missing_data_decides_without_it(string text, bool holds) => Assert.Equal((holds, null), Evaluate(text));

    [Theory]
    [InlineData("result < 1")]
    [InlineData("result[0] > 1")]
    [InlineData("all(result, # < 1)")]
    [InlineData("any(result, # > 1)")]
    [InlineData("not result > 1")]
    public void Missing_data_that_a_condition_does_not_ask_about_is_neither_good_nor_bad(string text) =>
        Assert.Equal((false, "no data: the query returned no series"), Evaluate(text));

    [Theory]
    [InlineData("result < 1")]
    [InlineData("result >= 1")]
    [InlineData("result != 1")]
    public void A_comparison_with_NaN_is_neither_good_nor_bad(string text) => Assert.Equal((false, "no data: the query returned NaN"), Evaluate(text, double.NaN));

    [Fact]
    public void One_number_of_several_series_is_ambiguous() =>
        Assert.Equal((false, "ambiguous: the query returned 2 series, use result[0], all or any"), Evaluate("result < 1", 0.1, 0.2));

    [Fact]
    public void An_index_beyond_the_series_says_how_many_there_are() =>
        Assert.Equal((false, "result[4] does not exist: the query returned 1 series"), Evaluate("result[4] < 1", 0.1));

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("result", 1, "Expected a comparison, found a number.")]
    [InlineData("result <", 9, "found the end")]
    [InlineData("result < 1 result", 12, "Expected an operator or the end, found 'result'")]
    [InlineData("result = 1", 8, "'=' does not compare")]
    [InlineData("result < 1 < 2", 12, "do not chain")]
    [InlineData("1 < 2", 3, "Both sides are constants")]
    [InlineData("reslt < 1", 1, "'reslt' is not known here")]
    [InlineData("result[x] < 1", 8, "whole number from 0")]
    [InlineData("result[0 < 1", 10, "Expected ']', found '<'")]
    [InlineData("(result < 1", 12, "Expected ')', found the end")]
    [InlineData("len(3) < 1", 5, "Expected 'result'")]
    [InlineData("# < 1", 1, "inside 'all' and 'any' only")]
    [InlineData("all(result, 5)", 13, "Expected a comparison, found a number")]
    [InlineData("(result < 1) < 2", 1, "Expected a number, found something that is true or false")]
    [InlineData("result < 1 and 5", 16, "Expected a comparison, found a number")]
    [InlineData("result < 1.2.3", 10, "'1.2.3' is not a number")]
    [InlineData("default(result) < 1", 15, "Expected ',', found ')'")]
    public void What_cannot_be_read_is_told_with_its_column(string text, int column, string message)
    {
        var (condition, fault) = ConditionParser.Parse(text, MetricUnit.Number);

        Assert.Null(condition);
        Assert.Equal(column, fault!.Column);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_misspelt_name_gets_a_suggestion() => Assert.Equal("did you mean 'result'?", ConditionParser.Parse("reslt < 1", MetricUnit.Number).Fault!.Suggestion);

    [Fact]
    public void Neither_brackets_nor_not_exhaust_the_stack()
    {
        Assert.Contains("Nested deeper", ConditionParser.Parse(new string('(', 900) + "result", MetricUnit.Number).Fault!.Message, StringComparison.Ordinal);
        Assert.Contains("Nested deeper", ConditionParser.Parse(new string('!', 900) + "true", MetricUnit.Number).Fault!.Message, StringComparison.Ordinal);
        Assert.Contains("at most 1000 characters", ConditionParser.Parse(new string('(', 9000), MetricUnit.Number).Fault!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5%", MetricUnit.Ratio, 0.05)]
    [InlineData("5%", MetricUnit.Percent, 5)]
    [InlineData("2%/h", MetricUnit.RatioPerHour, 0.02)]
    [InlineData("500ms", MetricUnit.Seconds, 0.5)]
    [InlineData("1.5s", MetricUnit.Milliseconds, 1500)]
    [InlineData("1h30m", MetricUnit.Seconds, 5400)]
    [InlineData("2GiB", MetricUnit.Bytes, 2147483648)]
    [InlineData("1.5MB", MetricUnit.Bytes, 1500000)]
    [InlineData("0.05", MetricUnit.Ratio, 0.05)]
    public void A_number_with_a_unit_is_converted_to_the_metrics(string number, MetricUnit unit, double value)
    {
        var condition = ConditionParser.Parse($"result == {number}", unit).Condition!;

        Assert.Equal((true, null), condition.Evaluate(QueryResult.Of(value)));
    }

    [Theory]
    [InlineData("5%", MetricUnit.Seconds, "'5%' is a share, and the metric is in seconds.")]
    [InlineData("500ms", MetricUnit.Ratio, "'500ms' is a time, and the metric is in ratio.")]
    [InlineData("2%/h", MetricUnit.Ratio, "'2%/h' is a growth, and the metric is in ratio.")]
    [InlineData("5%", MetricUnit.RatioPerHour, "'5%' is a share, and the metric is in ratio-per-hour.")]
    [InlineData("2GiB", MetricUnit.Number, "'2GiB' is a size, and the metric says no unit.")]
    [InlineData("3bananas", MetricUnit.Number, "'3bananas' is not a number.")]
    public void A_number_with_another_unit_is_refused(string number, MetricUnit unit, string message)
    {
        var fault = ConditionParser.Parse($"result > {number}", unit).Fault!;

        Assert.Equal(10, fault.Column);
        Assert.Equal(message, fault.Message);
    }

    private static (bool Holds, string? Error) Evaluate(string text, params double[] values)
    {
        var (condition, fault) = ConditionParser.Parse(text, MetricUnit.Number);
        Assert.Null(fault);
        return condition!.Evaluate(new QueryResult(values));
    }
}
