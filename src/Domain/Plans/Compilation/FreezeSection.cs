using Sluice.Domain.Freezes;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads <c>freeze:</c>, <c>emergency:</c> and <c>rollbackWindow:</c>: when the ordinary way is closed, and the ways beside it.</summary>
internal static class FreezeSection
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TenYears = TimeSpan.FromDays(3650);

    public static IReadOnlyList<FreezeWindow> Windows(Fields plan, IReadOnlyList<EnvironmentDraft> environments, Faults faults)
    {
        var windows = new List<FreezeWindow>();
        foreach (var node in plan.Items("freeze"))
        {
            var fields = Fields.Of(node, faults, PlanKeys.Freeze);
            var name = fields.Text("name", "weekend") ?? "";
            var held = fields.Texts("environments");
            foreach (var unknown in held.Where(h => environments.All(e => e.Name != h)))
            {
                faults.Add(
                    "unknown-environment", fields.Where("environments"), $"No environment is called '{unknown}'.",
                    Spelling.Suggest(unknown, environments.Select(e => e.Name)));
            }

            if (windows.Exists(w => w.Name == name))
            {
                faults.Add("duplicate-name", node, $"Two freeze windows are called '{name}'; it is overridden by its name.");
            }

            var text = new FreezeWindowText
            {
                Name = name,
                TimeZone = fields.Text("timeZone"),
                From = fields.Text("from", "fri 16:00"),
                To = fields.Text("to", "mon 08:00"),
            };
            var wrong = text.Read(out var window);
            foreach (var (member, message, suggestion) in wrong.Where(f => fields.Has(f.Member)))
            {
                faults.Add("bad-freeze", fields.Where(member), message, suggestion);
            }

            var onStart = fields.Word("onStart", PlanWords.FreezeStarts) ?? FreezeStart.Block;
            var onRunning = fields.Word("onRunning", PlanWords.FreezeActions) ?? FreezeAction.Pause;
            string[] overrideBy = [.. fields.Texts("overrideBy").Distinct()];
            if (window is not null)
            {
                windows.Add(window with { Environments = held, OnStart = onStart, OnRunning = onRunning, OverrideBy = overrideBy });
            }
        }

        return windows;
    }

    public static RollbackWindow? RollbackWindow(Fields plan, Faults faults)
    {
        if (plan.Find("rollbackWindow") is not { } node)
        {
            return null;
        }

        var fields = Fields.Of(node, faults, PlanKeys.RollbackWindow);
        if (node is Node.Mapping && !fields.Has("revisions") && !fields.Has("age"))
        {
            faults.Add("missing-key", node, "A rollback window without a bound says nothing.", "add 'revisions: 3' or 'age: 14d'");
        }

        return new RollbackWindow(fields.Integer("revisions", 1, 100), fields.Duration("age", OneSecond, TenYears));
    }
}
