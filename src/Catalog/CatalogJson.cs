using System.Text.Json.Serialization;
using Sluice.Catalog.Sample;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog;

/// <summary>JSON that the catalogue reads and stores, compiled ahead: a service that starts often pays for reflection each time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(Pricing))]
[JsonSerializable(typeof(SampleFile))]
[JsonSerializable(typeof(SyncHealth))]
internal sealed partial class CatalogJson : JsonSerializerContext;
