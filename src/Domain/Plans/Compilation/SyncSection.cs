namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads <c>verifySync:</c>.</summary>
internal static class SyncSection
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);
    private static readonly TimeSpan OneWeek = TimeSpan.FromDays(7);

    public static Step.VerifySync Read(Fields fields, Faults faults)
    {
        var kind = fields.Word("kind", PlanWords.SyncKinds) ?? SyncKind.Prices;
        return new Step.VerifySync(
            kind,
            Access(fields, faults),
            fields.Integer("runs", 1, 28) ?? 1,
            fields.Word("since", PlanWords.SyncMoments) ?? SyncMoment.Deployed,
            fields.Duration("firstWithin", OneSecond, TimeSpan.FromDays(1)) ?? TimeSpan.FromMinutes(1),
            fields.Duration("grace", OneSecond, TimeSpan.FromDays(1)),
            new SyncCriteria(
                // Prices are read in seconds; a sync of models may read for most of an hour.
                fields.Duration("maxDuration", OneSecond, TimeSpan.FromHours(6)) ?? TimeSpan.FromMinutes(kind == SyncKind.Prices ? 1 : 45),
                fields.Integer("minFetched", 0, 10_000_000) ?? 1,
                fields.Integer("maxQuarantined", 0, 10_000_000),
                fields.Boolean("partial") ?? false),
            OnFailure(fields, faults));
    }

    private static HttpAccess Access(Fields fields, Faults faults)
    {
        var access = ProviderSection.Access(fields, faults);
        if (!fields.Has("bearerFromSecret"))
        {
            fields.Find("bearerFromSecret", "SLUICE_ADMIN_KEY");
        }

        if (Uri.TryCreate(access.Url, UriKind.Absolute, out var url) && url.Query.Length + url.Fragment.Length > 0)
        {
            faults.Add("bad-url", fields.Where("url"), "Expected what comes before /v1/admin, found a URL with '?' or '#'.");
        }
        else if (url is { IsLoopback: false, Scheme: "http" })
        {
            faults.Add("bad-url", fields.Where("url"), "An admin's key crosses no network in clear text.", "https, or an address of this machine");
        }

        return access;
    }

    private static SyncFailureAction OnFailure(Fields fields, Faults faults)
    {
        if (fields.Find("onFailure") is not { } node)
        {
            return SyncFailureAction.Rollback;
        }

        if (node is not Node.Mapping)
        {
            return Fields.Word(node, PlanWords.SyncFailures, faults) is { } kind ? new SyncFailureAction(kind, null, []) : SyncFailureAction.Rollback;
        }

        var action = Fields.Of(node, faults, PlanKeys.SyncFailure);
        if (action.Entries.Count != 1)
        {
            faults.Add("contradiction", node, "Expected one of 'widen: 12h' and 'providers: [...]'.");
            return SyncFailureAction.Rollback;
        }

        if (!action.Has("widen"))
        {
            var providers = action.Texts("providers", "[openrouter]");
            return new SyncFailureAction(SyncFailureKind.Providers, null, [.. providers.Distinct(StringComparer.Ordinal)]);
        }

        var interval = action.Duration("widen", OneHour, OneWeek);
        if (interval is { } length && length.Ticks % OneHour.Ticks != 0)
        {
            faults.Add("bad-duration", action.Where("widen"), $"A schedule runs every so many whole hours, not every {Durations.Format(length)}.");
        }

        return new SyncFailureAction(SyncFailureKind.Widen, interval, []);
    }
}
