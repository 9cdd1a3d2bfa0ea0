using System.Text.RegularExpressions;
using Sluice.Domain.Analysis.Thresholds;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads the <c>objectives:</c> of a baseline.</summary>
internal static partial class ObjectiveSection
{
    public static IReadOnlyList<BaselineObjective> Read(Fields step, Faults faults)
    {
        var objectives = new List<BaselineObjective>();
        foreach (var node in step.Items("objectives"))
        {
            var fields = Fields.Of(node, faults, PlanKeys.Objective);
            if (fields.Word("metric", PlanWords.BaselineMetrics, "p95") is not { } metric)
            {
                continue;
            }

            if (objectives.Exists(o => o.Metric == metric))
            {
                faults.Add("duplicate-name", fields.Where("metric"), "An objective for it stands above.", "put all its criteria into one");
            }

            var pass = Criteria(fields, "pass", metric, faults);
            var warning = Criteria(fields, "warning", metric, faults);
            if (!fields.Has("pass") && (fields.Has("warning") || fields.Has("weight") || fields.Has("key")))
            {
                faults.Add("missing-key", fields.At, "Without 'pass' it is only told, and counts for nothing.", "add 'pass: [\"<=+10%\"]'");
            }

            objectives.Add(new BaselineObjective(metric, pass, warning, fields.Integer("weight", 1, 100) ?? 1, fields.Boolean("key") ?? false));
        }

        return objectives;
    }

    private static IReadOnlyList<BaselineCriterion> Criteria(Fields fields, string key, BaselineMetric metric, Faults faults) =>
        [.. fields.Items(key).Select(node => Criterion(node, metric, faults)).OfType<BaselineCriterion>()];

    private static BaselineCriterion? Criterion(Node node, BaselineMetric metric, Faults faults)
    {
        if (node is not Node.Scalar { Text: var text } || CriterionPattern().Match(text) is not { Success: true } match)
        {
            faults.Add("bad-criterion", node, $"Expected a criterion, found {faults.Show(node)}.", "such as \"<=300ms\", or against the mean of the last passing deployments \"<=+10%\"");
            return null;
        }

        var number = match.Groups["number"].Value;
        var sign = match.Groups["sign"].Value;
        var share = sign.Length > 0 && number.EndsWith('%');
        var unit = share ? MetricUnit.Ratio : metric switch
        {
            BaselineMetric.ErrorRate => MetricUnit.Ratio,
            BaselineMetric.Throughput => MetricUnit.Number,
            _ => MetricUnit.Seconds,
        };
        var (value, problem, suggestion) = Units.Read(number, unit);
        if (problem is not null)
        {
            faults.Add("bad-criterion", node, $"'{text}': {problem}", suggestion);
            return null;
        }

        return new BaselineCriterion(
            text, match.Groups["comparison"].Value, sign == "-" ? -value : value,
            share ? CriterionBase.Share : sign.Length > 0 ? CriterionBase.Difference : CriterionBase.Absolute);
    }

    [GeneratedRegex(@"^(?<comparison><=|>=|<|>)\s*(?<sign>[+-]?)(?<number>[0-9][0-9A-Za-z.%]*)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex CriterionPattern();
}
