namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads <c>baseline:</c>, the bounded load test.</summary>
internal static class BaselineSection
{
    private static readonly string[] Scores = ["passScore", "warningScore"];
    private static readonly TimeSpan OneMillisecond = TimeSpan.FromMilliseconds(1);

    public static Step.Baseline Read(Fields fields, Faults faults)
    {
        var path = fields.Text("path", "/health") ?? "/";
        if (path[0] != '/' || path.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            faults.Add("bad-path", fields.Where("path"), $"Expected an absolute path such as /health, found '{path}'.");
        }

        var requests = fields.Integer("requests", 1, 100_000) ?? 1000;
        var concurrency = fields.Integer("concurrency", 1, 256) ?? Math.Min(10, requests);
        if (concurrency > requests)
        {
            faults.Add("contradiction", fields.Where("concurrency"), $"{concurrency} at a time cannot be reached with {requests} requests.");
        }

        var step = new Step.Baseline(
            path,
            requests,
            concurrency,
            fields.Number("maxErrorRate", 0, 1) ?? 0,
            fields.Duration("maxP99", OneMillisecond, TimeSpan.FromMinutes(1)),
            fields.Number("regression", 1, 100))
        {
            Objectives = ObjectiveSection.Read(fields, faults),
            PassScore = fields.Integer("passScore", 1, 100) ?? 90,
            WarningScore = fields.Integer("warningScore", 1, 100) ?? Math.Min(75, fields.Integer("passScore", 1, 100) ?? 90),
            CompareWith = fields.Integer("compareWith", 1, 50) ?? 5,
        };
        if (step.WarningScore > step.PassScore)
        {
            faults.Add("contradiction", fields.Where("warningScore"), $"A warning from {step.WarningScore} % on is stricter than the pass from {step.PassScore} % on.");
        }

        foreach (var key in Scores.Where(k => fields.Has(k) && !fields.Has("objectives")))
        {
            faults.Warn("no-effect", fields.Where(key), $"'{key}' has no effect without 'objectives'.");
        }

        return step;
    }
}
