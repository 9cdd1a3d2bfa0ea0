using System.Text.Json.Serialization;

namespace Sluice.Domain.Plans;

/// <summary>A server that answers the plan's own queries. The set is closed; a kind without an adapter is refused when the plan is compiled.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Prometheus), "prometheus")]
[JsonDerivedType(typeof(Json), "json")]
public abstract record ProviderSpec
{
    private ProviderSpec()
    {
    }

    /// <summary>What the plan's metrics call it.</summary>
    public required string Name { get; init; }

    /// <summary>How to reach it.</summary>
    public required HttpAccess Access { get; init; }

    /// <summary>A server with the HTTP API of Prometheus: queries are PromQL.</summary>
    public sealed record Prometheus : ProviderSpec;

    /// <summary>A URL that answers JSON: queries are JSON paths into the answer.</summary>
    public sealed record Json : ProviderSpec;
}

/// <summary>How a server is reached. Secrets are named here and resolved when it is asked; no value is ever stored.</summary>
/// <param name="Url">Absolute; of a Prometheus what comes before <c>/api/v1</c>.</param>
public sealed record HttpAccess(string Url)
{
    /// <summary>Headers with their literal values.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Headers whose values are secrets, by the secret's name.</summary>
    public IReadOnlyDictionary<string, string> SecretHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>Name of the secret that is sent as a bearer token; null for none.</summary>
    public string? BearerSecret { get; init; }

    /// <summary>User of basic authentication; null for none.</summary>
    public string? User { get; init; }

    /// <summary>Name of the secret that is the user's password.</summary>
    public string? PasswordSecret { get; init; }

    /// <summary>Longest time for one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
