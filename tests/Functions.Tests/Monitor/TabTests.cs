using System.Text.RegularExpressions;
using Newtonsoft.Json.Linq;

namespace Sluice.Functions.Tests.Monitor;

/// <summary>The tabs for Durable Functions Monitor over recorded instances: they show the facts, escape all of them, and bear what is missing.</summary>
public sealed partial class TabTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 14, 30, 0, TimeSpan.Zero);

    public static TheoryData<string, string> Recordings => new()
    {
        { "Rollout", "rollout-soaking" },
        { "Rollout", "rollout-paused" },
        { "Rollout", "rollout-rolled-back" },
        { "Rollout", "rollout-promoted" },
        { "Soak", "soak-running" },
        { "Soak", "soak-failed" },
        { "Rollback", "rollback" },
    };

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Every_recording_renders_as_closed_html_without_a_script_or_anything_from_elsewhere(string tab, string recording)
    {
        var html = TabTemplate.Render(tab, MonitorInstance.Recorded(recording), Now);

        Assert.StartsWith("<div class=\"sluice\">", html.Trim(), StringComparison.Ordinal);
        Assert.DoesNotContain("{{", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)<script|<img|<link|<iframe| on[a-z]+=|href|src=|url\\(|@import", html);
        foreach (var name in TagsOf(html).Where(n => n != "br"))
        {
            Assert.Equal((name, Regex.Count(html, $"<{name}[ >]", RegexOptions.NonBacktracking)), (name, Regex.Count(html, $"</{name}>", RegexOptions.NonBacktracking)));
        }
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Whatever_a_text_says_it_shows_as_text(string tab, string recording)
    {
        var instance = MonitorInstance.Recorded(recording);
        var own = TabTemplate.Render(tab, instance, Now);
        const string Attack = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>";
        foreach (var text in instance.Input!.Concat(instance.Output!).Concat(instance.CustomStatus!).SelectMany(Texts).Where(t => !Chooses(t)).ToList())
        {
            text.Value = text.Value + Attack;
        }

        foreach (var happened in instance.History!.OfType<JObject>())
        {
            foreach (var name in new[] { "Result", "Details", "SubOrchestrationId" })
            {
                happened[name] = (string?)happened[name] + Attack;
            }
        }

        var first = (JObject)instance.History![0];
        first["EventType"] = "TaskFailed";
        first["Name"] = Attack;
        instance.InstanceId += Attack;
        var html = TabTemplate.Render(tab, instance, Now);

        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)<script|<img", html);
        Assert.Subset(TagsOf(own), TagsOf(html));
    }

    [Theory]
    [InlineData("Rollout", "rollout-rolled-back")]
    [InlineData("Soak", "soak-failed")]
    [InlineData("Rollback", "rollback")]
    public void Each_member_may_be_missing(string tab, string recording)
    {
        var paths = Members(MonitorInstance.Recorded(recording)).ToList();

        Assert.NotEmpty(paths);
        foreach (var (part, path) in paths)
        {
            var instance = MonitorInstance.Recorded(recording);
            Part(instance, part).SelectToken(path)!.Parent!.Remove();
            Assert.Contains("</div>", TabTemplate.Render(tab, instance, Now), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Rollout", "rollout-paused", "validate staging", "Pending")]
    [InlineData("Soak", "soak-failed", "no look yet", "None yet.")]
    [InlineData("Rollback", "rollback", "To do or under way", "Undoing")]
    public void An_instance_that_has_just_started_has_nothing_but_its_input(string tab, string recording, params string[] shown)
    {
        var instance = MonitorInstance.Recorded(recording);
        instance.RuntimeStatus = MonitorStatus.Pending;
        instance.CustomStatus = instance.Output = string.Empty;
        instance.History = [];

        Says(TabTemplate.Render(tab, instance, Now), shown);
    }

    [Theory]
    [InlineData("Rollout", "rollout-paused")]
    [InlineData("Soak", "soak-running")]
    [InlineData("Rollback", "rollback")]
    public void A_failed_or_terminated_one_shows_the_text_it_ended_with(string tab, string recording)
    {
        foreach (var status in new[] { MonitorStatus.Failed, MonitorStatus.Terminated })
        {
            var instance = MonitorInstance.Recorded(recording);
            instance.RuntimeStatus = status;
            instance.Output = "InvalidOperationException: the <hub> is gone";

            Says(TabTemplate.Render(tab, instance, Now), "InvalidOperationException: the <hub> is gone");
        }
    }

    [Theory]
    [InlineData("Rollout", "rollout-paused", "nobody judges the canary")]
    [InlineData("Soak", "soak-running", "nobody looks at the canary")]
    public void A_suspended_one_says_that_nobody_judges(string tab, string recording, string shown)
    {
        var instance = MonitorInstance.Recorded(recording);
        instance.RuntimeStatus = MonitorStatus.Suspended;

        Says(TabTemplate.Render(tab, instance, Now), shown);
    }

    [Fact]
    public void A_plan_too_large_for_the_input_leaves_the_present_step()
    {
        var instance = MonitorInstance.Recorded("rollout-soaking");
        ((JObject)instance.Input!).Remove("plan");

        Says(TabTemplate.Render("Rollout", instance, Now), "The plan is not in the input", (string)instance.Input["bundleHash"]!, "Present step: soak");
    }

    // Fluid 2.7 hands an enum over as its number and holds 0 equal to any word.
    [Theory]
    [MemberData(nameof(Recordings))]
    public void Nothing_is_said_of_a_status_that_an_instance_does_not_have(string tab, string recording)
    {
        var instance = MonitorInstance.Recorded(recording);
        foreach (var status in new[] { MonitorStatus.Running, MonitorStatus.Completed, MonitorStatus.Pending })
        {
            instance.RuntimeStatus = status;
            Assert.DoesNotContain("class=\"note\"", TabTemplate.Render(tab, instance, Now), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_canary_that_soaks() => Says(
        TabTemplate.Render("Rollout", MonitorInstance.Recorded("rollout-soaking"), Now),
        "catalog-api v5.0.0 Progressing", "Stable v4.0.0", "11 of 13: soak", "10 % wanted, 10 % read back", ":10-soak",
        "deploy staging at 100 % Passed", "approval by release-managers Passed", "setWeight 10 % Passed", "setWeight 100 % Pending", "hold 2s Pending",
        "SetTraffic", "{\"weights\":{\"v4.0.0");

    [Fact]
    public void One_that_waits_for_people() => Says(
        TabTemplate.Render("Rollout", MonitorInstance.Recorded("rollout-paused"), Now),
        "Paused: Approval", "waits for 1 of release-managers", "Waits for release-managers", "Time left", "h ", "soak 2s Passed", "approval by release-managers Paused", "validate production Pending");

    [Fact]
    public void One_that_went_back() => Says(
        TabTemplate.Render("Rollout", MonitorInstance.Recorded("rollout-rolled-back"), Now),
        "catalog-api v3.0.0 Degraded: RolledBack", "Metric \"errors\" assessed Failed due to failed (1) > failureLimit (0)", "0 % wanted, 0 % read back",
        "deploy production Undone", "setWeight 10 % Undone", "soak 40s Failed", "setWeight 100 % Not reached", "ms Failed (evidence in its tab Soak)", "\"undone\":[\"production: traffic back to v2.0.0");

    [Fact]
    public void One_that_was_promoted() => Says(
        TabTemplate.Render("Rollout", MonitorInstance.Recorded("rollout-promoted"), Now),
        "catalog-api v2.0.0 Healthy: Promoted", "13 of 13 done", "100 % wanted, 100 % read back", "setWeight 100 % Passed", "hold 2s Passed");

    [Fact]
    public void A_soak_with_its_evidence() => Says(
        TabTemplate.Render("Soak", MonitorInstance.Recorded("soak-failed"), Now),
        "catalog-api v3.0.0", "in production Fail", "ended: Failed", "5.43 % of 129 canary requests failed, limit 1 %", "latency-p99 60.24 ms of 129 (limit 2000 ms)", "health 1 of 1 ready",
        "12 s of 40 s have counted (30 %), 28 s are left", "129 7", "1073 0", "Errors at most 1.00 %", "LatencyP99 at most 2000 ms");

    [Fact]
    public void A_rollback_newest_inverse_first()
    {
        var html = TabTemplate.Render("Rollback", MonitorInstance.Recorded("rollback"), Now);

        Says(
            html, "Rollback of catalog-api.production.v3.0.0", "Undone", "Metric \"errors\" assessed Failed",
            "1 production traffic back to v2.0.0", "2 production stop v3.0.0", "3 staging traffic back to v2.0.0", "4 staging stop v3.0.0",
            "StartRevision", "\"phase\":\"Ready\"", "SetTraffic");
    }

    [Fact]
    public void A_rollback_that_is_stuck_says_at_what_and_shows_its_attempts()
    {
        var instance = MonitorInstance.Recorded("rollback");
        var output = (JObject)instance.Output!;
        output["undone"] = new JArray(output["undone"]![0]!);
        output["problem"] = "staging: stop v3: the platform does not answer";
        output["event"] = "rollback.failed";
        var attempt = (JObject)instance.History!.First(e => (string?)e["Name"] == "StopRevision");
        attempt["EventType"] = "TaskFailed";
        attempt["Details"] = "PlatformException: Unavailable";

        Says(TabTemplate.Render("Rollback", instance, Now),
            "rollback.failed", "What stands in the way: staging: stop v3: the platform does not answer", "Stuck", "Not reached", "attempt failed PlatformException: Unavailable");
    }

    // In the order given, as a person reads it: tags and white space are one space.
    private static void Says(string html, params string[] shown)
    {
        var body = html[(html.IndexOf("</style>", StringComparison.Ordinal) + "</style>".Length)..];
        var text = System.Net.WebUtility.HtmlDecode(Spaces().Replace(Tags().Replace(body, " "), " "));
        foreach (var part in shown)
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    private static HashSet<string> TagsOf(string html) => [.. Tags().Matches(html).Select(t => t.Groups["name"].Value)];

    private static IEnumerable<JValue> Texts(JToken token) =>
        token is JValue { Type: JTokenType.String or JTokenType.Date } value ? [value] : token.Children().SelectMany(Texts);

    // Words that templates choose by; any other word there only hides a part.
    private static bool Chooses(JValue text) =>
        text.Path.EndsWith("kind", StringComparison.Ordinal) || text.Path is "phase" or "outcome" or "verdict" || text.Path.EndsWith("clock", StringComparison.Ordinal);

    private static JToken Part(MonitorInstance instance, string part) => part switch
    {
        nameof(MonitorInstance.Input) => instance.Input!,
        nameof(MonitorInstance.Output) => instance.Output!,
        _ => instance.CustomStatus!,
    };

    private static IEnumerable<(string Part, string Path)> Members(MonitorInstance instance) =>
        from part in new[] { nameof(MonitorInstance.Input), nameof(MonitorInstance.Output), nameof(MonitorInstance.CustomStatus) }
        from member in (Part(instance, part) as JContainer)?.DescendantsAndSelf().OfType<JProperty>() ?? []
        where Depth(member.Path) <= 6 && !member.Path.Contains('\'', StringComparison.Ordinal)
        select (part, member.Path);

    private static int Depth(string path) => path.Count(c => c is '.' or '[');

    [GeneratedRegex("</?(?<name>[a-z][a-z0-9]*)[^>]*>", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex Spaces();
}
