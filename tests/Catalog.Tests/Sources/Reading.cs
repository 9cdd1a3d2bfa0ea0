using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Tests.Sources;

/// <summary>Reads a source from a server of the test's own.</summary>
internal static class Reading
{
    private static readonly SourceLimits Quick = new() { FirstWait = TimeSpan.FromMilliseconds(1) };

    /// <summary>Where a source of this name is on a <see cref="ListServer"/>.</summary>
    public static ISource From(ListServer server, string name) => name switch
    {
        SourceNames.ModelsDev => new ModelsDev(server.Url("/api.json")),
        SourceNames.OpenRouter => new OpenRouter(server.Url("/api/v1/models")),
        SourceNames.HuggingFace => new HuggingFace(server.Url("/api/models?limit=1000")),
        SourceNames.ArtificialAnalysis => new ArtificialAnalysis(server.Url("/api/v2/data/llms/models"), "a-key"),
        SourceNames.Featherless => new Featherless(server.Url("/v1/models")),
        SourceNames.NearAi => new NearAi(server.Url("/v1/model/list")),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such source"),
    };

    public static string PathOf(string name) => name switch
    {
        SourceNames.ModelsDev => "/api.json",
        SourceNames.OpenRouter => "/api/v1/models",
        SourceNames.HuggingFace => "/api/models",
        SourceNames.ArtificialAnalysis => "/api/v2/data/llms/models",
        SourceNames.Featherless => "/v1/models",
        SourceNames.NearAi => "/v1/model/list",
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such source"),
    };

    public static async Task<SourceSnapshot> ReadAsync(this ISource source, SourceLimits? limits = null)
    {
        using var http = new SourceHttp(limits ?? Quick, TimeProvider.System);
        return await source.ReadAsync(http, TestContext.Current.CancellationToken);
    }

    /// <summary>What a source makes of a body.</summary>
    public static async Task<SourceSnapshot> OfAsync(string name, string json)
    {
        await using var server = await ListServer.StartAsync();
        server.Json(PathOf(name), json);
        return await From(server, name).ReadAsync();
    }

    public static Listing Single(this SourceSnapshot snapshot, string id)
    {
        var found = snapshot.Listings.Where(listing => listing.Id.ToString() == id).ToList();
        Assert.True(
            found.Count == 1,
            $"{found.Count} of {id}; there are {string.Join(", ", snapshot.Listings.Take(20).Select(l => l.Id))}; refused: {string.Join("; ", snapshot.Faults.Take(5).Select(f => $"{f.Id}: {f.Reason}"))}");
        return found[0];
    }
}
