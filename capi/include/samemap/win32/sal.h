/* Annotations of Microsoft's compiler, which mean nothing here. */
#ifndef SAMEMAP_WIN32_SAL_H
#define SAMEMAP_WIN32_SAL_H
#pragma GCC system_header

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(count)
#define _In_reads_opt_(count)
#define _In_reads_bytes_(count)
#define _In_reads_bytes_opt_(count)
#define _In_reads_z_(count)
#define _In_range_(low, high)
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_updates_(count)
#define _Inout_updates_bytes_(count)
#define _Inout_updates_z_(count)
#define _Out_
#define _Out_opt_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Out_writes_(count)
#define _Out_writes_opt_(count)
#define _Out_writes_z_(count)
#define _Out_writes_bytes_(count)
#define _Out_writes_bytes_opt_(count)
#define _Out_writes_to_(count, used)
#define _Out_writes_bytes_to_(count, used)
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_z_
#define _Check_return_
#define _Must_inspect_result_
#define _Success_(condition)
#define _When_(condition, annotations)
#define _Pre_
#define _Post_
#define _Post_invalid_
#define _Reserved_
#define _Use_decl_annotations_
#define _Null_terminated_
#define _Printf_format_string_
#define _Analysis_assume_(condition)
#define _Acquires_lock_(lock)
#define _Releases_lock_(lock)
#define _Guarded_by_(lock)

#endif
